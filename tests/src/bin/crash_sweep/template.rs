//! The disks that cases begin with: a server that knows its owner, and a wallet of theirs that a real DKG made. Each case
//! gets copies, so that no case makes the key that it begins with.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use maany_coordinator::WalletInfo;
use maany_coordinator::engine::backup::Threshold;
use maany_coordinator::engine_pool::EnginePool;
use maany_coordinator_proto::KeyId;
use maany_coordinator_storage::{Owner, WalletId};
use maany_tests::Failure;
use maany_tests::running_server::{Folder, TENANT, folder};
use zeroize::Zeroizing;

use crate::process::{DeviceProcess, ServerProcess};
use crate::stores::Stores;

/// The name of the wallet of every case.
pub(crate) const NAME: &str = "main";

/// Disks of one pair of backends.
pub(crate) struct Template {
    pub(crate) stores: Stores,
    pub(crate) token: String,
    /// A server without a wallet, a device without anything.
    pub(crate) bare: Disks,
    /// Both with the wallet.
    pub(crate) made: Disks,
    /// The wallet.
    pub(crate) wallet: WalletInfo,
    /// A backup of it, two of three.
    pub(crate) documents: Vec<Zeroizing<Vec<u8>>>,
}

/// The disks of a server and a device.
pub(crate) struct Disks {
    pub(crate) server: Folder,
    pub(crate) device: Folder,
}

impl Disks {
    /// The same once more.
    pub(crate) fn copy(&self) -> Result<Self, Failure> {
        let copy = Self { server: folder()?, device: folder()? };
        copy_folder(self.server.path(), copy.server.path())?;
        copy_folder(self.device.path(), copy.device.path())?;
        Ok(copy)
    }

    /// The same server, and a device that was bought today.
    pub(crate) fn copy_with_new_device(&self) -> Result<Self, Failure> {
        let copy = Self { server: folder()?, device: folder()? };
        copy_folder(self.server.path(), copy.server.path())?;
        Ok(copy)
    }
}

impl Template {
    /// Makes the disks of these backends.
    pub(crate) fn make(stores: Stores, pool: &Arc<EnginePool>) -> Result<Self, Failure> {
        let disks = Disks { server: folder()?, device: folder()? };
        let mut server = ServerProcess::boot(stores.server, &disks.server)?;
        let token = server.run(server.running()?.token("alice"))??;
        let url = server.running()?.url();
        let mut device = DeviceProcess::boot(stores.device, &disks.device, &url, &token, pool)?;
        device.end();
        server.end();
        let bare = disks.copy()?;

        let mut server = ServerProcess::boot(stores.server, &disks.server)?;
        let url = server.running()?.url();
        let mut device = DeviceProcess::boot(stores.device, &disks.device, &url, &token, pool)?;
        let holder = device.holder()?.device()?;
        let wallet = device.run(holder.create_wallet(Some(KeyId::new(NAME)?)))??.value;
        let documents = device.run(holder.backup(&wallet.wallet, Threshold::default()))??;
        let documents =
            documents.iter().map(|document| Zeroizing::new(document.dangerous_to_bytes().to_vec())).collect();
        is_of_protocol_2(&server, &wallet)?;
        device.end();
        server.end();
        Ok(Self { stores, token, bare, made: disks, wallet, documents })
    }
}

/// A wallet of the older profile would make every case one of the older profile.
fn is_of_protocol_2(server: &ServerProcess, wallet: &WalletInfo) -> Result<(), Failure> {
    let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
    let row = server.run(server.running()?.vault().wallet(&Owner::new(TENANT, "alice"), id))??;
    let row = row.ok_or("the server has no such wallet")?;
    if row.device.enrolled.is_some() { Ok(()) } else { Err("the wallet's device has proven nothing".into()) }
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            fs::set_permissions(&target, entry.metadata()?.permissions())?;
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
