//! Two documents of one sequence, from two phones of one person at once, where an earlier contest may have left a third.

use maany_coordinator::http::client::ClientError;
use maany_coordinator::proto::RequestId;
use maany_coordinator::{Device, DeviceError, SignOrder, WalletInfo};

use super::Person;
use crate::Failure;

/// The sequences that are contested; those of other documents are far below.
const FIRST: u64 = 1_000_000;
const SEQUENCES: u64 = 2;
/// How often a phone that insists names the request that is live now.
const ROUNDS: u32 = 3;

/// What is contested, until it is over.
#[derive(Clone, Copy)]
pub(super) struct Contest {
    sequence: u64,
    /// What each phone wants to send.
    amounts: [u64; 2],
    /// Whether it replaces what is in its way.
    insists: [bool; 2],
}

/// What became of a phone's document.
#[derive(Clone, Copy)]
enum Place {
    /// It has this request.
    Has(RequestId),
    /// Another one is live, and it gives way.
    GivesWay,
}

impl Person {
    pub(super) async fn contest(&self) -> Result<(), Failure> {
        let (wallet, device) = (self.wallet()?, self.device().await?);
        let second = self.state().second.clone();
        let second = self.device_over(&second).await?;
        let contest = self.contested();
        let orders = [
            self.order(&wallet, contest.sequence, contest.amounts[0])?,
            self.order(&wallet, contest.sequence, contest.amounts[1])?,
        ];
        let (one, other) = futures::join!(
            self.place(&device, &wallet, &orders[0], contest.insists[0]),
            self.place(&second, &wallet, &orders[1], contest.insists[1]),
        );
        let places = [one?, other?];
        for (order, place) in orders.iter().zip(places) {
            let Place::Has(request) = place else { continue };
            match device.sign_request(&wallet.wallet, request, order).await {
                Ok(signed) => self.state().memory.give(order.clone(), signed.value),
                // What gave way is not signed any more.
                Err(error) if self.state().memory.may_be_replaced(request) => {
                    self.say(format_args!("a document that may have given way: {error}"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.state().contest = None;
        Ok(())
    }

    /// The present contest, drawn where there is none.
    fn contested(&self) -> Contest {
        if let Some(contest) = self.state().contest {
            return contest;
        }
        let draw = |from, end| self.roll(from, end);
        let contest = Contest {
            sequence: FIRST + draw(0, SEQUENCES),
            amounts: [draw(1, 4), draw(1, 4)],
            insists: [draw(0, 2) == 0, draw(0, 2) == 0],
        };
        self.state().contest = Some(contest);
        contest
    }

    /// Asks for a document, in the place of the one that is live where this phone insists.
    async fn place(
        &self,
        device: &Device,
        wallet: &WalletInfo,
        order: &SignOrder,
        insists: bool,
    ) -> Result<Place, Failure> {
        let mut live = None;
        for _ in 0..ROUNDS {
            let asked = match live {
                None => device.request(&wallet.wallet, order).await,
                Some(live) => {
                    self.state().memory.name(order, live);
                    device.request_replacing(&wallet.wallet, order, live).await
                }
            };
            match asked {
                Ok(view) => {
                    let request = RequestId::from_hex(&view.id)?;
                    self.state().memory.hear(request);
                    return Ok(Place::Has(request));
                }
                Err(DeviceError::Http(ClientError::Refused { error, .. }))
                    if error.code == "sequence_taken" =>
                {
                    let by = RequestId::from_hex(&error.request.ok_or("no request is named")?)?;
                    self.state().memory.hear(by);
                    if !insists {
                        return Ok(Place::GivesWay);
                    }
                    live = Some(by);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Place::GivesWay)
    }
}
