//! What each step of the demo does, and what must come of it. Nothing that it tells is a secret.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use maany_coordinator::{
    Device, DeviceError, SignOrder, Signed, WalletInfo,
    cosmos::SignDoc,
    device::Report,
    engine::backup::{self, FragmentDocument, Threshold},
    http::{client::ClientError, wire},
    proto::{CloseCode, RequestId, SessionError, StepUp},
};
use zeroize::Zeroizing;

use super::{
    error::{StepError, expect},
    transaction,
    verification::verify,
    world::{self, World},
};
use crate::timeline::Told;

const PHONE: &str = "phone";
const STOLEN: &str = "stolen-copy";

/// What a server ends a session with whose device holds another share than it does, where trying again changes nothing.
const OTHER_SHARES: u16 = CloseCode::Busy.as_u16();
const NEW_PHONE: &str = "new-phone";

/// The server starts.
pub(super) async fn server(folder: &Path) -> Result<Told<World>, StepError> {
    let world = World::begin(folder).await?;
    let url = world.url().to_owned();
    Ok(Told::new(world).fact("listens on", url).fact("policy", transaction::policy_in_words()))
}

/// A new device makes a wallet.
pub(super) async fn dkg(world: &World) -> Result<Told<(Device, WalletInfo)>, StepError> {
    let device = world.new_device(PHONE).await?;
    let done = device.create_wallet(None).await?;
    let wallet = done.value;
    expect(wallet.epoch == 1, "the first generation of shares is number 1")?;
    let (id, key) = (wallet.wallet, hex::encode(wallet.public_key.as_bytes()));
    Ok(Told::new((device, wallet))
        .cost(done.report)
        .fact("wallet", id)
        .fact("public key", key)
        .fact("shares", generation(1)))
}

/// A transfer that the policy allows and nobody has signed yet.
pub(super) struct Open {
    order: SignOrder,
    id: RequestId,
}

/// Where the third party keeps its fragment. The owner's lies beside it, the server's is with the server.
pub(super) struct Fragments {
    third_party: PathBuf,
}

/// The wallet and the device that has it, from the first signature on.
pub(super) struct Story<'a> {
    world: &'a World,
    /// `None` while it is lost.
    device: Option<Device>,
    /// As DKG made it.
    wallet: WalletInfo,
    generation: u64,
    sequence: u64,
}

impl<'a> Story<'a> {
    pub(super) fn new(world: &'a World, (device, wallet): (Device, WalletInfo)) -> Self {
        Self { world, device: Some(device), generation: wallet.epoch, wallet, sequence: 0 }
    }

    pub(super) async fn address(&self) -> Result<Told<()>, StepError> {
        let address = transaction::address(&self.wallet)?;
        Ok(Told::new(()).fact("address", address).fact("path", transaction::PATH))
    }

    pub(super) async fn request(&self) -> Result<Told<Open>, StepError> {
        let order = transaction::transfer(&self.wallet, self.sequence)?;
        let view = self.device()?.request(&self.wallet.wallet, &order).await?;
        let doc = SignDoc::parse(order.mode, &order.sign_doc)?;
        expect(view.status == "open" && view.verdict.decision == "allow", "the policy allows the transfer")?;
        expect(is_same(&view, &doc), "the server decodes what the device decodes")?;
        let id = RequestId::from_hex(&view.id)?;
        Ok(Told::new(Open { order, id })
            .fact("decoded", doc.decoded())
            .fact("sha-256", &view.digest)
            .fact("policy", &view.verdict.decision)
            .fact("request", &view.id))
    }

    pub(super) async fn signature(&self, open: &Open) -> Result<Told<Signed>, StepError> {
        let done = self.device()?.sign_request(&self.wallet.wallet, open.id, &open.order).await?;
        let signature = shown(&done.value.signature.to_bytes());
        Ok(Told::new(done.value).cost(done.report).fact("signature", signature))
    }

    pub(super) async fn verification(&self, open: &Open, signed: &Signed) -> Result<Told<()>, StepError> {
        let key = *self.wallet.child(&open.order.path)?.as_bytes();
        verify(&key, &open.order.sign_doc, &signed.signature.to_bytes())?;
        Ok(Told::new(()).fact("key", hex::encode(key)).fact("k256 says", "valid, low-S"))
    }

    /// The device is closed for the copy and opened again: nobody copies a store that is being written.
    pub(super) async fn theft(&mut self) -> Result<Told<()>, StepError> {
        self.device = None;
        world::copy(&self.world.folder(PHONE), &self.world.folder(STOLEN))?;
        self.device = Some(self.world.open_device(PHONE).await?);
        Ok(Told::new(())
            .fact("copied", "the sealed store and its key file")
            .fact("shares", generation(self.generation)))
    }

    pub(super) async fn refresh(&mut self) -> Result<Told<()>, StepError> {
        let done = self.device()?.refresh(&self.wallet.wallet).await?;
        self.is_renewed(&done.value)?;
        Ok(self.renewed(done.report))
    }

    /// The next transfer, asked for, signed and checked in one go.
    pub(super) async fn signature_anew(&mut self) -> Result<Told<()>, StepError> {
        self.sequence += 1;
        let order = transaction::transfer(&self.wallet, self.sequence)?;
        let done = self.device()?.sign(&self.wallet.wallet, &order).await?;
        let signature = done.value.signature.to_bytes();
        verify(self.wallet.child(&order.path)?.as_bytes(), &order.sign_doc, &signature)?;
        Ok(Told::new(())
            .cost(done.report)
            .fact("signature", shown(&signature))
            .fact("k256 says", "valid, low-S"))
    }

    pub(super) async fn old_share_is_refused(&mut self) -> Result<Told<()>, StepError> {
        let thief = self.world.open_device(STOLEN).await?;
        let held = thief.wallet(&self.wallet.wallet.to_string()).await?;
        expect(
            held.epoch == 1 && held.public_key == self.wallet.public_key,
            "the copy holds the wallet's old share",
        )?;
        // A transfer of its own, so that what fails is the signing and not the request.
        self.sequence += 1;
        let order = transaction::transfer(&self.wallet, self.sequence)?;
        let view = thief.request(&self.wallet.wallet, &order).await?;
        expect(view.status == "open", "the copy's token is good and the policy allows the transfer")?;
        let id = RequestId::from_hex(&view.id)?;
        let refused = match thief.sign_request(&self.wallet.wallet, id, &order).await {
            Ok(_) => return Err(unexpected("a share of an old generation does not sign", None)),
            Err(error) => error,
        };
        let DeviceError::Session(SessionError::Told { code: OTHER_SHARES, retryable: false, message }) =
            &refused
        else {
            return Err(unexpected("the refusal is about the shares", Some(refused)));
        };
        let reason = message.to_string();
        let view = self.world.owner().sign_request(id).await?;
        expect(view.signature.is_none() && view.status != "signed", "no signature came of it")?;
        let held = format!("{}; the server is at {}", generation(held.epoch), generation(self.generation));
        Ok(Told::new(())
            .fact("it holds", held)
            .fact("refused", reason)
            .fact(
                "noticed by",
                "the server: the copy proved which share it holds, and it is not the one in use",
            )
            .fact("its request", format!("{}, without a signature", view.status)))
    }

    pub(super) async fn backup(&self) -> Result<Told<Fragments>, StepError> {
        let device = self.device()?;
        let documents = device.backup(&self.wallet.wallet, Threshold::default()).await?;
        let [coordinators, owners, third_partys] = documents.as_slice() else {
            return Err(unexpected("a backup has three fragments", None));
        };
        let third_party = self.world.folder("third-party.fragment");
        write(&self.world.folder("owner.fragment"), owners)?;
        write(&third_party, third_partys)?;
        let held = u8::try_from(documents.len()).unwrap_or(u8::MAX);
        device.upload_fragment(&self.wallet.wallet, coordinators, held).await?;
        let drill = backup::verify(&documents[1..])?;
        let one = backup::verify(&documents[1..2]);
        expect(one.is_err(), "one fragment alone opens nothing")?;
        Ok(Told::new(Fragments { third_party })
            .fact("fragments", "server, owner and third party; any 2 of the 3 restore")
            .fact("of", format!("the device's {}", generation(drill.share_id.epoch)))
            .fact("drill", "two open it, one does not"))
    }

    pub(super) async fn loss(&mut self) -> Result<Told<()>, StepError> {
        self.device = None;
        fs::remove_dir_all(self.world.folder(PHONE))?;
        let device = self.world.new_device(NEW_PHONE).await?;
        expect(device.wallets().await?.is_empty(), "the new device holds nothing")?;
        self.device = Some(device);
        Ok(Told::new(()).fact("new device", "holds no wallet and no share"))
    }

    pub(super) async fn step_up(&self) -> Result<Told<StepUp>, StepError> {
        let early = self.device()?.fetch_fragment(&self.wallet.wallet).await;
        let kept = matches!(early, Err(DeviceError::Http(ClientError::Refused { status: 404, .. })));
        expect(kept, "the server keeps its fragment until the operator says so")?;
        let made = self.world.operator().create_step_up(self.wallet.wallet).await?;
        let code = StepUp::try_from(Zeroizing::new(made.code))
            .map_err(|_| unexpected("the operator's code is one", None))?;
        Ok(Told::new(code)
            .fact("before it", "the server does not give its fragment away")
            .fact("code", "handed to the owner over another channel; not shown here"))
    }

    pub(super) async fn restore(
        &mut self,
        fragments: &Fragments,
        code: &StepUp,
    ) -> Result<Told<()>, StepError> {
        let device = self.device()?;
        let from_server = device.fetch_fragment(&self.wallet.wallet).await?;
        let bytes = Zeroizing::new(fs::read(&fragments.third_party)?);
        let from_third_party = FragmentDocument::from_bytes(&bytes)?;
        let done = device.restore(vec![from_server, from_third_party], code.dangerous_expose()).await?;
        self.is_renewed(&done.value)?;
        Ok(self.renewed(done.report).fact("fragments", "the server's and the third party's"))
    }

    fn device(&self) -> Result<&Device, StepError> {
        self.device.as_ref().ok_or_else(|| unexpected("there is a device", None))
    }

    fn is_renewed(&mut self, wallet: &WalletInfo) -> Result<(), StepError> {
        expect(wallet.public_key == self.wallet.public_key, "the key stays the same")?;
        expect(wallet.epoch == self.generation + 1, "the shares are of the next generation")?;
        self.generation = wallet.epoch;
        Ok(())
    }

    fn renewed(&self, cost: Report) -> Told<()> {
        Told::new(()).cost(cost).fact("shares", generation(self.generation)).fact("public key", "unchanged")
    }
}

fn is_same(view: &wire::SignRequest, doc: &SignDoc) -> bool {
    serde_json::to_value(doc.decoded()).is_ok_and(|decoded| decoded == view.decoded)
}

fn write(path: &Path, document: &FragmentDocument) -> Result<(), StepError> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(file.write_all(&document.dangerous_to_bytes())?)
}

/// `r` and `s`, each 32 bytes in hexadecimal, big-endian.
fn shown(r_s: &[u8; 64]) -> String {
    let (r, s) = r_s.split_at(32);
    format!("{} {}", hex::encode(r), hex::encode(s))
}

fn generation(epoch: u64) -> String {
    format!("generation {epoch}")
}

fn unexpected(expected: &'static str, source: Option<DeviceError>) -> StepError {
    StepError::Unexpected { expected, source: source.map(Box::new) }
}
