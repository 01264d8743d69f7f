//! Of each sequence one document is signed, and another one only where it was named to take its place.

use std::collections::{BTreeMap, BTreeSet};

use super::Broken;
use crate::Failure;
use crate::person::{Memory, Person};
use crate::site::Site;

type Id = [u8; 16];
type Digest = [u8; 32];

/// A request as it is judged.
#[derive(Clone, Copy)]
struct Asked {
    digest: Digest,
    sequence: u64,
    is_signed: bool,
    /// The request whose place it took, as the server says.
    replaces: Option<Id>,
}

/// Judges what was signed for a person, from what the person was given and from what the server has.
pub(super) async fn judge(site: &Site, person: &Person) -> Result<Option<Broken>, Failure> {
    let owner = Person::owner(person.index());
    let heard: Vec<Id> = person.state().memory.heard().collect();
    let mut rows = Vec::new();
    for id in heard {
        if let Some(row) = site.last_request(&owner, &id).await? {
            rows.push((id, row));
        }
    }
    let state = person.state();
    let mut asked = BTreeMap::new();
    for (id, row) in rows {
        let Some(sequence) = state.memory.sequence(&row.digest) else {
            return Ok(Some(Broken::SignedTwice("a request is of a document that nobody wrote")));
        };
        let replaces = row.replaces.map(|id| id.to_bytes());
        let is_signed = row.signature.is_some();
        asked.insert(id, Asked { digest: row.digest, sequence, is_signed, replaces });
    }
    for signed in state.memory.signatures() {
        let digest = *signed.digest.as_bytes();
        let Some(sequence) = state.memory.sequence(&digest) else {
            return Ok(Some(Broken::SignedTwice("a signature is of a document that nobody wrote")));
        };
        let unknown = Asked { digest, sequence, is_signed: true, replaces: None };
        asked.entry(*signed.request.as_bytes()).or_insert(unknown).is_signed = true;
    }
    Ok(judged(&asked, &state.memory))
}

fn judged(asked: &BTreeMap<Id, Asked>, memory: &Memory) -> Option<Broken> {
    let mut signed: BTreeMap<u64, BTreeSet<Digest>> = BTreeMap::new();
    for request in asked.values().filter(|request| request.is_signed) {
        signed.entry(request.sequence).or_default().insert(request.digest);
    }
    for (sequence, documents) in signed {
        let of_it = asked.iter().filter(|(_, request)| request.sequence == sequence);
        let is_a_chain = documents.len() < 2
            || of_it.map(|(id, _)| line(asked, memory, *id)).any(|line| documents.is_subset(&line));
        if !is_a_chain {
            return Some(Broken::SignedTwice(
                "two documents of one sequence, and none was named to replace the other",
            ));
        }
    }
    None
}

/// The document of a request, and those that gave way to it by name, one after the other.
fn line(asked: &BTreeMap<Id, Asked>, memory: &Memory, newest: Id) -> BTreeSet<Digest> {
    let mut line = BTreeSet::new();
    let mut next = Some(newest);
    while let Some(id) = next
        && let Some(request) = asked.get(&id)
    {
        line.insert(request.digest);
        next = request
            .replaces
            .filter(|replaced| *replaced != id && memory.has_named(request.digest, *replaced));
    }
    line
}

#[cfg(test)]
mod tests {
    use maany_coordinator::SignOrder;
    use maany_coordinator::proto::RequestId;
    use maany_mpc_core::PublicKey;

    use super::*;
    use crate::order;

    fn order(amount: u64) -> SignOrder {
        let key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let key = PublicKey::from_sec1(key.verifying_key().to_sec1_point(true).as_bytes()).unwrap();
        order::send(&key, 1, amount).unwrap()
    }

    fn asked(amount: u64, is_signed: bool, replaces: Option<u8>) -> Asked {
        let digest = order::digest(&order(amount));
        Asked { digest, sequence: 1, is_signed, replaces: replaces.map(|id| [id; 16]) }
    }

    /// A memory in which this amount was to take the place of this request.
    fn naming(named: &[(u64, u8)]) -> Memory {
        let mut memory = Memory::default();
        for (amount, replaced) in named {
            memory.name(&order(*amount), RequestId::from_bytes([*replaced; 16]));
        }
        memory
    }

    #[test]
    fn a_second_document_is_a_named_replacement_or_too_many() {
        let all = |second| BTreeMap::from([([1; 16], asked(1, true, None)), ([2; 16], second)]);
        let broken = |all, memory: &Memory| judged(&all, memory).is_some();
        let named = naming(&[(2, 1)]);
        assert!(!broken(all(asked(2, true, Some(1))), &named));
        assert!(!broken(all(asked(1, true, None)), &naming(&[])), "the same document twice is one");
        assert!(!broken(all(asked(2, false, None)), &naming(&[])), "what is not signed is no document");
        assert!(broken(all(asked(2, true, None)), &named), "the server took it without the name");
        assert!(broken(all(asked(2, true, Some(1))), &naming(&[])), "nobody named it");
    }

    #[test]
    fn what_gave_way_unsigned_still_leads_to_what_it_had_replaced() {
        let mut all = BTreeMap::from([
            ([1; 16], asked(1, true, None)),
            ([2; 16], asked(2, false, Some(1))),
            ([3; 16], asked(3, true, Some(2))),
        ]);
        let memory = naming(&[(2, 1), (3, 2)]);
        assert!(judged(&all, &memory).is_none());
        all.insert([4; 16], asked(4, true, Some(1)));
        assert!(judged(&all, &naming(&[(2, 1), (3, 2), (4, 1)])).is_some(), "two lines from one document");
    }
}
