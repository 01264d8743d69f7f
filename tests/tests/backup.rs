//! A backup with three holders: any two of them restore, what is missing is brought later, and a drill says whether it
//! would work.
#![cfg(test)]

use std::path::Path;
use std::sync::Arc;

use maany_coordinator::device::{
    BackupPlan, BackupStatus, DeliveryError, Holder as FragmentHolder, HolderKind,
};
use maany_coordinator::engine::backup::{BackupError, FragmentDocument};

use maany_coordinator::proto::{CloseCode, KeyId, StepUp, Token};
use maany_coordinator::storage::fault::{Fault, FaultStore};
use maany_coordinator::storage::{MemoryStore, RedbStore, ShareStore};
use maany_coordinator::{DeviceError, WalletInfo};
use maany_tests::running_server::{self, Setup};
use maany_tests::{Failure, Holder, RunningServer, ThirdParty, planted};
use tempfile::TempDir;

/// A wallet, its device, its server, a third party and a folder for its owner.
struct World {
    server: RunningServer,
    third: ThirdParty,
    owners: TempDir,
    phone: Holder,
    wallet: WalletInfo,
}

impl World {
    async fn new() -> Self {
        let server = RunningServer::start().await.unwrap();
        let phone = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
        let wallet = planted::wallet(&server, "alice", &phone).await.unwrap();
        let third = ThirdParty::start().await.unwrap();
        Self { server, third, owners: tempfile::tempdir().unwrap(), phone, wallet }
    }

    /// Coordinator, owner, third party: fragments 1, 2 and 3.
    fn plan(&self) -> BackupPlan {
        plan(self.owners.path(), self.third.holder().unwrap())
    }

    async fn back_up(&self) -> BackupStatus {
        self.phone.device().unwrap().back_up(&self.wallet.wallet, self.plan()).await.unwrap()
    }

    async fn status(&self) -> BackupStatus {
        self.phone.device().unwrap().backup_status(&self.wallet.wallet).await.unwrap().unwrap()
    }

    async fn new_device(&self) -> Holder {
        Holder::in_memory(&self.server.url(), self.phone.token()).await.unwrap()
    }

    /// The operator's code, for the session and for the coordinator's fragment.
    async fn code(&self) -> String {
        self.server.step_up(&self.wallet.wallet).await.unwrap()
    }

    /// The owner's fragment of this epoch.
    fn owners(&self, epoch: u64) -> FragmentDocument {
        let name = format!("{}-epoch-{epoch}-fragment-2-of-3.maany", self.wallet.wallet);
        read(&self.owners.path().join(name))
    }

    async fn thirds(&self, by: &Holder) -> FragmentDocument {
        let code = self.third.release(&self.wallet.wallet).await.unwrap();
        let key = self.third.key().unwrap();
        let device = by.device().unwrap();
        device.fetch_held_fragment(&self.wallet.wallet, &self.third.url(), key, &code).await.unwrap()
    }

    /// Fragments of the present backup by their numbers, from where they are held.
    async fn fragments(&self, by: &Holder, epoch: u64, numbers: &[u8]) -> Vec<FragmentDocument> {
        let mut found = Vec::new();
        for number in numbers {
            found.push(match number {
                1 => by.device().unwrap().fetch_fragment(&self.wallet.wallet).await.unwrap(),
                2 => self.owners(epoch),
                _ => self.thirds(by).await,
            });
        }
        found
    }
}

fn plan(folder: &Path, third: FragmentHolder) -> BackupPlan {
    let folder = FragmentHolder::Folder(folder.to_owned());
    BackupPlan::new(2, vec![FragmentHolder::Coordinator, folder, third]).unwrap()
}

fn read(path: &Path) -> FragmentDocument {
    FragmentDocument::from_bytes(&std::fs::read(path).unwrap()).unwrap()
}

fn copy(document: &FragmentDocument) -> FragmentDocument {
    FragmentDocument::from_bytes(&document.dangerous_to_bytes()).unwrap()
}

fn owed(status: &BackupStatus) -> Vec<u8> {
    status.owed.iter().map(|owed| owed.index).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_two_of_the_three_holders_restore_on_a_fresh_device() {
    let mut world = World::new().await;
    for (round, numbers) in [[1, 2], [1, 3], [2, 3]].iter().enumerate() {
        let epoch = round as u64 + 1;
        let status = world.back_up().await;
        assert!(status.is_complete && status.owed.is_empty(), "{status:?}");
        assert_eq!((status.epoch, status.acknowledged, status.files.len()), (epoch, 3, 1));
        let successor = world.new_device().await;
        let code = world.code().await;
        let fragments = world.fragments(&successor, epoch, numbers).await;
        assert_eq!(fragments.iter().map(FragmentDocument::index).collect::<Vec<_>>(), numbers);
        let restored = successor.device().unwrap().restore(fragments, &code).await.unwrap().value;
        assert_eq!((restored.public_key, restored.epoch), (world.wallet.public_key, epoch + 1));
        successor.sign(&world.wallet).await.unwrap();
        world.phone = successor;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_device_that_lives_and_its_restored_successor_exactly_one_signs() {
    let world = World::new().await;
    world.back_up().await;
    world.phone.sign(&world.wallet).await.unwrap();
    let successor = world.new_device().await;
    let code = world.code().await;
    let fragments = world.fragments(&successor, 1, &[2, 3]).await;
    successor.device().unwrap().restore(fragments, &code).await.unwrap();
    for _ in 0..2 {
        let refused = world.phone.sign(&world.wallet).await.unwrap_err();
        let refused = refused.downcast_ref::<DeviceError>().unwrap();
        // The restore has enrolled its successor and revoked it: it hears what one hears who has no such wallet.
        assert_eq!(refused.close_code(), Some(CloseCode::NotAllowed), "{refused:?}");
        successor.sign(&world.wallet).await.unwrap();
    }
    let refused = world.phone.device().unwrap().refresh(&world.wallet.wallet).await;
    assert!(refused.is_err(), "nor does the old device refresh its way back");
    successor.sign(&world.wallet).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_gives_every_holder_a_fragment_of_the_new_epoch_and_the_old_ones_are_stale() {
    let world = World::new().await;
    world.back_up().await;
    let stale = world.fragments(&world.phone, 1, &[2, 3]).await;
    world.phone.device().unwrap().refresh(&world.wallet.wallet).await.unwrap();
    let status = world.status().await;
    assert_eq!((status.epoch, status.is_complete, status.is_current), (2, true, true), "{status:?}");

    // The server takes no second refresh without a backup of the first, so this shows the receipt as well; and with it goes
    // the share that the first fragments could still have been used with.
    world.phone.device().unwrap().refresh(&world.wallet.wallet).await.unwrap();
    let successor = world.new_device().await;
    let code = world.code().await;
    let refused = successor.device().unwrap().restore(stale, &code).await.unwrap_err().to_string();
    assert!(refused.contains("epoch 1") && refused.contains("epoch 3"), "{refused}");
    world.phone.sign(&world.wallet).await.unwrap();
    let code = world.code().await;
    let fragments = world.fragments(&successor, 3, &[1, 3]).await;
    successor.device().unwrap().restore(fragments, &code).await.unwrap();
    successor.sign(&world.wallet).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_fragment_restores_nothing_and_the_others_still_do() {
    let world = World::new().await;
    world.back_up().await;
    let path = world.owners.path().join(format!("{}-epoch-1-fragment-2-of-3.maany", world.wallet.wallet));
    let mut bytes = std::fs::read(&path).unwrap();
    let good = bytes.clone();
    for at in [0, 5, 60, good.len() - 41, good.len() - 1] {
        bytes.clone_from(&good);
        bytes[at] ^= 0x10;
        assert!(FragmentDocument::from_bytes(&bytes).is_err(), "byte {at} is covered by the checksum");
    }
    // A forger mends the checksum: put together anew from parts of which one is wrong.
    let owners = read(&path);
    let mut part = *owners.fragment().dangerous_expose_bytes();
    part[20] ^= 1;
    let part = maany_coordinator::engine::backup::Fragment::from_bytes(&part).unwrap();
    let forged = FragmentDocument::new(
        owners.context().clone(),
        owners.threshold(),
        owners.ciphertext().to_vec(),
        part,
    )
    .unwrap();
    let successor = world.new_device().await;
    let device = successor.device().unwrap();
    let code = world.code().await;
    let third = world.thirds(&successor).await;
    let refused = device.restore(vec![copy(&forged), copy(&third)], &code).await.unwrap_err();
    assert!(matches!(refused, DeviceError::Backup(BackupError::DoesNotOpen)), "{refused:?}");
    let drilled = device.verify_backup(&world.wallet.wallet, &[forged, copy(&third)]).await.unwrap_err();
    assert!(matches!(drilled, DeviceError::Backup(BackupError::DoesNotOpen)), "{drilled:?}");
    world.phone.sign(&world.wallet).await.unwrap();
    // Nothing of this has used the code up.
    device.restore(vec![owners, third], &code).await.unwrap();
    successor.sign(&world.wallet).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_is_down_gets_its_fragment_from_a_later_run() {
    let world = World::new().await;
    let (plan_of, url) = (world.plan(), world.third.url());
    let World { server: _server, third, owners, phone, wallet } = world;
    let down = third.stop().await.unwrap();
    // Holders in a folder that cannot be written and at a host that is down: the coordinator alone is no threshold.
    let blocked = owners.path().join("file");
    std::fs::write(&blocked, b"in the way").unwrap();
    let device = phone.device().unwrap();
    let key = plan_of.holders()[2].kind();
    assert_eq!(key, HolderKind::FragmentHost(url.clone()));
    let FragmentHolder::FragmentHost { key, .. } = &plan_of.holders()[2] else { unreachable!() };
    let third = |key: &Token| FragmentHolder::FragmentHost {
        url: url.clone(),
        key: Token::new(key.dangerous_expose()).unwrap(),
    };
    let status = device.back_up(&wallet.wallet, plan(&blocked, third(key))).await.unwrap();
    assert_eq!((owed(&status), status.acknowledged, status.is_complete), (vec![2, 3], 1, false));
    assert!(matches!(status.owed[0].error, Some(DeliveryError::File { .. })), "{status:?}");
    assert!(matches!(status.owed[1].error, Some(DeliveryError::Http(_))), "{status:?}");

    // The folder is put right: two of three, which is a receipt.
    std::fs::remove_file(&blocked).unwrap();
    let status = device.complete_backup(&wallet.wallet).await.unwrap();
    assert_eq!((owed(&status), status.is_complete), (vec![3], true));
    let before = read(&status.files[0]);

    // A device that was started anew goes on where the last one stopped, with the documents of the same backup.
    let third = down.start().await.unwrap();
    let status = phone.device().unwrap().complete_backup(&wallet.wallet).await.unwrap();
    assert_eq!((owed(&status), status.acknowledged, status.is_complete), (vec![], 3, true));
    let code = third.release(&wallet.wallet).await.unwrap();
    let released =
        device.fetch_held_fragment(&wallet.wallet, &third.url(), third.key().unwrap(), &code).await.unwrap();
    let drill = device.verify_backup(&wallet.wallet, &[before, released]).await.unwrap();
    assert_eq!(drill.indices, [2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_is_late_is_waited_for_with_backoff() {
    let world = World::new().await;
    let plan_of = world.plan();
    let World { server: _server, third, owners: _owners, phone, wallet } = world;
    let down = third.stop().await.unwrap();
    let patient = phone.patient().device().unwrap();
    let backing_up = patient.back_up(&wallet.wallet, plan_of);
    let coming_back = async {
        // The first attempt has failed by the time anything is remembered.
        while patient.backup_status(&wallet.wallet).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        down.start().await.unwrap()
    };
    let (status, _third) = tokio::join!(backing_up, coming_back);
    let status = status.unwrap();
    assert!(status.is_complete && status.owed.is_empty(), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_while_a_holder_is_down_is_made_up_for_by_the_next_one() {
    let world = World::new().await;
    world.back_up().await;
    let World { server, third, owners, phone, wallet } = world;
    let device = phone.device().unwrap();
    let down = third.stop().await.unwrap();
    device.refresh(&wallet.wallet).await.unwrap();
    let status = device.backup_status(&wallet.wallet).await.unwrap().unwrap();
    assert_eq!((status.epoch, owed(&status), status.is_complete), (2, vec![3], true));
    let third = down.start().await.unwrap();
    device.refresh(&wallet.wallet).await.unwrap();
    let status = device.backup_status(&wallet.wallet).await.unwrap().unwrap();
    assert_eq!((status.epoch, owed(&status), status.is_complete), (3, vec![], true));
    let world = World { server, third, owners, phone, wallet };
    let fragments = world.fragments(&world.phone, 3, &[2, 3]).await;
    world.phone.device().unwrap().verify_backup(&world.wallet.wallet, &fragments).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_by_hand_is_owed_until_it_is_handed_over() {
    let world = World::new().await;
    let device = world.phone.device().unwrap();
    let holders = vec![FragmentHolder::Coordinator, FragmentHolder::ByHand, FragmentHolder::ByHand];
    let by_hand = BackupPlan::new(2, holders).unwrap();
    let status = device.back_up(&world.wallet.wallet, by_hand).await.unwrap();
    assert_eq!((owed(&status), status.is_complete), (vec![2, 3], false));
    let shown = device.fragments_by_hand(&world.wallet.wallet).await.unwrap();
    assert!(device.handed_over(&world.wallet.wallet, 1).await.is_err(), "that one is the coordinator's");
    device.handed_over(&world.wallet.wallet, 2).await.unwrap();
    // Now there are two, and the coordinator hears of it.
    let status = device.complete_backup(&world.wallet.wallet).await.unwrap();
    assert_eq!((owed(&status), status.is_complete), (vec![3], true));
    assert_eq!(device.fragments_by_hand(&world.wallet.wallet).await.unwrap().len(), 1);
    device.handed_over(&world.wallet.wallet, 3).await.unwrap();
    assert!(device.fragments_by_hand(&world.wallet.wallet).await.unwrap().is_empty());
    device.verify_backup(&world.wallet.wallet, &shown).await.unwrap();
    // After a refresh there is something to hand over again.
    device.refresh(&world.wallet.wallet).await.unwrap();
    let status = world.status().await;
    assert_eq!((status.epoch, owed(&status), status.is_complete), (2, vec![2, 3], false));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_plan_goes_on_with_the_same_backup_and_another_makes_new_shares_first() {
    let world = World::new().await;
    world.back_up().await;
    let first = world.owners(1);
    let again = world.back_up().await;
    assert!(again.is_complete);
    assert_eq!(world.owners(1).ciphertext(), first.ciphertext());
    // Another threshold is another backup, which would not mix with the complete one: it is of new shares.
    let folder = FragmentHolder::Folder(world.owners.path().to_owned());
    let holders = vec![FragmentHolder::Coordinator, folder, world.third.holder().unwrap()];
    let all = BackupPlan::new(3, holders).unwrap();
    let status = world.phone.device().unwrap().back_up(&world.wallet.wallet, all).await.unwrap();
    assert!(status.is_complete && status.owed.is_empty(), "{status:?}");
    assert_eq!((status.epoch, status.threshold.t()), (2, 3));
    assert_ne!(read(&status.files[0]).ciphertext(), first.ciphertext());
    // A holder's fragment of it, the third party's and the server's restore together.
    let fragments = world.fragments(&world.phone, 2, &[2, 3]).await;
    assert_eq!(fragments.len(), 2);
    world.phone.sign(&world.wallet).await.unwrap();
    assert_eq!(world.owners(1).ciphertext(), first.ciphertext());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_says_what_would_not_restore_and_changes_nothing() {
    let world = World::new().await;
    world.back_up().await;
    let wallet = &world.wallet.wallet;
    let device = world.phone.device().unwrap();
    let fragments = world.fragments(&world.phone, 1, &[2, 3]).await;
    let before = (rows(&world.phone).await, server_row(&world).await);
    let drill = device.verify_backup(wallet, &fragments).await.unwrap();
    assert_eq!((drill.epoch, drill.public_key, drill.indices), (1, world.wallet.public_key, vec![2, 3]));
    // A device that never had the wallet holds the fragments against what the server says of it.
    let bystander = world.new_device().await;
    bystander.device().unwrap().verify_backup(wallet, &fragments).await.unwrap();
    assert!(bystander.device().unwrap().wallets().await.unwrap().is_empty());
    assert_eq!((rows(&world.phone).await, server_row(&world).await), before);

    let one = device.verify_backup(wallet, &fragments[..1]).await.unwrap_err();
    assert!(matches!(one, DeviceError::Backup(BackupError::TooFew { have: 1, need: 2 })), "{one:?}");
    let other = planted::wallet(&world.server, "alice", &world.phone).await.unwrap();
    let wrong = device.verify_backup(&other.wallet, &fragments).await.unwrap_err();
    assert!(matches!(wrong, DeviceError::Backup(BackupError::WrongPublicKey)), "{wrong:?}");
    device.refresh(wallet).await.unwrap();
    for by in [&world.phone, &bystander] {
        let stale = by.device().unwrap().verify_backup(wallet, &fragments).await.unwrap_err();
        let both = matches!(stale, DeviceError::Backup(BackupError::StaleEpoch { backup: 1, active: 2 }));
        assert!(both, "{stale:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_party_gives_a_fragment_to_nobody_without_its_own_code() {
    let world = World::new().await;
    world.back_up().await;
    let wallet = &world.wallet.wallet;
    let device = world.phone.device().unwrap();
    // The coordinator's code opens nothing here, and this host's code nothing there.
    let coordinators = StepUp::new(&world.code().await).unwrap();
    let ask = async |key: Token, code: &StepUp| -> Result<(), DeviceError> {
        device.fetch_held_fragment(wallet, &world.third.url(), key, code).await.map(drop)
    };
    assert!(ask(world.third.key().unwrap(), &coordinators).await.is_err());
    assert!(ask(Token::new(world.phone.token()).unwrap(), &coordinators).await.is_err());
    let code = world.third.release(wallet).await.unwrap();
    let successor = world.new_device().await;
    let restore = async |code: &str| -> Result<(), Failure> {
        let fragments = vec![world.owners(1), device.fetch_fragment(wallet).await?];
        successor.device()?.restore(fragments, code).await?;
        Ok(())
    };
    assert!(restore(code.dangerous_expose()).await.is_err());
    ask(world.third.key().unwrap(), &code).await.unwrap();
    assert!(ask(world.third.key().unwrap(), &code).await.is_err(), "it was good for once");
    world.phone.sign(&world.wallet).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_store_holds_what_another_one_does() {
    let world = World::new().await;
    world.back_up().await;
    let id = KeyId::new(&world.wallet.wallet.to_string()).unwrap();
    let owner = |tenant: &str, owner: &str| maany_coordinator::storage::Owner::new(tenant, owner);
    let held = async |vault: &maany_coordinator::storage::Vault, owner| {
        let rows = vault.fragments(&owner, id.as_str()).await.unwrap().rows;
        rows.iter()
            .map(|row| FragmentDocument::from_bytes(row.document.dangerous_expose()).map(|d| d.index()))
            .collect::<Vec<_>>()
    };
    let server = held(world.server.vault(), owner(running_server::TENANT, "alice")).await;
    assert!(matches!(server[..], [Ok(1)]), "{server:?}");
    let third = held(world.third.vault(), owner("third", "owner")).await;
    assert!(matches!(third[..], [Ok(3)]), "{third:?}");
    let files: Vec<_> = std::fs::read_dir(world.owners.path()).unwrap().flatten().collect();
    assert_eq!(files.len(), 1);
    assert_eq!(read(&files[0].path()).index(), 2);
}

/// The versions of a device's wallet rows.
async fn rows(holder: &Holder) -> Vec<u64> {
    let owner = maany_tests::holder::owner();
    let page = holder.vault().wallets(&owner, None, 100).await.unwrap();
    page.rows.iter().map(maany_coordinator_storage::Row::version).collect()
}

/// The version of the server's wallet row.
async fn server_row(world: &World) -> Option<u64> {
    let id = maany_coordinator_storage::WalletId::from_bytes(*world.wallet.wallet.as_bytes());
    world.server.vault().find_wallet(id).await.unwrap().map(|row| row.version())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_whose_disk_lost_its_part_gets_it_again() {
    let folder = running_server::folder().unwrap();
    let path = folder.path().join("lossy.redb");
    let store = Arc::new(FaultStore::new(Arc::new(RedbStore::open(&path).await.unwrap())));
    let with = |store: Arc<dyn ShareStore>, address| Setup {
        folder: Some(Arc::clone(&folder)),
        store: Some(store),
        address,
        ..Setup::default()
    };
    let server = RunningServer::start_with(with(store.clone(), Setup::default().address)).await.unwrap();
    let address = server.address();
    let phone = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    let wallet = planted::wallet(&server, "alice", &phone).await.unwrap();
    let owners = tempfile::tempdir().unwrap();
    let by_hand = || plan(owners.path(), FragmentHolder::ByHand);
    // That backups are needed from now on, and then the part itself with the receipt.
    store.arm(Fault::Lose(store.commits().asked + 2));
    let device = phone.device().unwrap();
    assert!(device.back_up(&wallet.wallet, by_hand()).await.unwrap().is_complete);
    store.kill();
    server.shutdown().cancel();
    drop((server, store));

    let reopened = RedbStore::open(&path).await.unwrap();
    let server = RunningServer::start_with(with(Arc::new(reopened), address)).await.unwrap();
    server.step_up(&wallet.wallet).await.unwrap();
    device.fetch_fragment(&wallet.wallet).await.unwrap_err();
    let status = device.complete_backup(&wallet.wallet).await.unwrap();
    assert!(status.is_complete, "{status:?}");
    let fetched = device.fetch_fragment(&wallet.wallet).await.unwrap();
    // The one that the owner has is of the same backup.
    let drill = device.verify_backup(&wallet.wallet, &[fetched, read(&status.files[0])]).await.unwrap();
    assert_eq!(drill.indices, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_forgot_its_backup_makes_another_of_new_shares() {
    let server = RunningServer::start().await.unwrap();
    let disk = Arc::new(MemoryStore::new());
    let store = Arc::new(FaultStore::new(Arc::clone(&disk)));
    let token = server.token("alice").await.unwrap();
    let phone = Holder::over_store(store.clone(), &server.url(), &token).await.unwrap();
    let wallet = planted::wallet(&server, "alice", &phone).await.unwrap();
    let owners = tempfile::tempdir().unwrap();
    let by_hand = || plan(owners.path(), FragmentHolder::ByHand);
    // What is remembered before anything is handed out is not on the disk.
    store.arm(Fault::Lose(store.commits().asked + 1));
    let device = phone.device().unwrap();
    tokio::select! {
        _ = device.back_up(&wallet.wallet, by_hand()) => panic!("the device lives on"),
        () = store.died() => {}
    }
    let first = owners.path().join(format!("{}-epoch-1-fragment-2-of-3.maany", wallet.wallet));
    let forgotten = std::fs::read(&first).unwrap();

    let phone = Holder::over_store(disk, &server.url(), &token).await.unwrap();
    let device = phone.device().unwrap();
    assert!(device.backup_status(&wallet.wallet).await.unwrap().is_none());
    let status = device.back_up(&wallet.wallet, by_hand()).await.unwrap();
    // The server has the receipt of the forgotten one, whose fragment gives way to none of the same shares.
    assert_eq!((status.epoch, status.is_complete), (2, true), "{status:?}");
    assert!(status.files[0].to_str().unwrap().ends_with("-epoch-2-fragment-2-of-3.maany"), "{status:?}");
    assert_eq!(std::fs::read(&first).unwrap(), forgotten, "a fragment is never written over");
    server.step_up(&wallet.wallet).await.unwrap();
    let fetched = device.fetch_fragment(&wallet.wallet).await.unwrap();
    let drill = device.verify_backup(&wallet.wallet, &[fetched, read(&status.files[0])]).await.unwrap();
    assert_eq!(drill.indices, [1, 2]);
    assert_eq!(device.backup_status(&wallet.wallet).await.unwrap().unwrap().files, status.files);
}
