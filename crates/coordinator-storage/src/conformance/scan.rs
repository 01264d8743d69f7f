//! Scans: the order of the keys' bytes, prefixes, pages.

use crate::conformance::{Broken, Promise, batch};
use crate::store::ShareStore;
use crate::table::{RecordTable, Table};

const P: Promise =
    Promise("a scan gives the rows of its prefix, in the order of their keys' bytes, page by page");

pub(super) async fn check(store: &dyn ShareStore) -> Result<(), Broken> {
    P.holds(keys(store, b"", None, 10).await?.is_empty(), || "an empty table has rows".into())?;

    let mut all: Vec<Vec<u8>> = Vec::new();
    for first in [0x00, 0x01, 0x61, 0x7f, 0x80, 0xff] {
        all.push(vec![first]);
        for second in [0x00, 0x2f, 0xff] {
            all.push(vec![first, second]);
            all.push(vec![first, second, 0x00]);
        }
    }
    // Written in another order than the one they are read in.
    for key in all.iter().rev() {
        let written = store
            .commit(batch(|b| {
                b.insert(RecordTable::Requests, key.clone(), key.clone());
                b.insert(RecordTable::UsedIds, key.clone(), b"another table")
            }))
            .await;
        P.ok("insert", written)?;
    }
    all.sort();

    for prefix in [&b""[..], b"\x00", b"a", b"a/", b"\xff", b"\xff\xff", b"b", b"\x7f\x00\x00\x00"] {
        let expected: Vec<_> = all.iter().filter(|key| key.starts_with(prefix)).cloned().collect();
        for limit in [1, 2, 3, 7, 1000] {
            let mut found: Vec<Vec<u8>> = Vec::new();
            loop {
                let page = keys(store, prefix, found.last().map(Vec::as_slice), limit).await?;
                P.holds(page.len() <= limit, || format!("{} rows with limit {limit}", page.len()))?;
                let last = page.len() < limit;
                found.extend(page);
                P.holds(found.len() <= all.len(), || "the pages do not end".into())?;
                if last {
                    break;
                }
            }
            P.holds(found == expected, || {
                format!("prefix {prefix:02x?}, limit {limit}: {found:02x?} instead of {expected:02x?}")
            })?;
        }
        // A place to start that is no row, before, within and after the prefix.
        for after in [&b"\x00\x01"[..], b"a\x30", b"\xff\xff\x00\x00", b"`"] {
            let found = keys(store, prefix, Some(after), 1000).await?;
            let expected: Vec<_> = expected.iter().filter(|key| key.as_slice() > after).cloned().collect();
            P.holds(found == expected, || {
                format!("prefix {prefix:02x?}, after {after:02x?}: {found:02x?} instead of {expected:02x?}")
            })?;
        }
    }
    Ok(())
}

async fn keys(
    store: &dyn ShareStore,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Vec<u8>>, Broken> {
    let mut keys = Vec::new();
    for entry in P.ok("scan", store.scan(Table::Requests, prefix, after, limit).await)? {
        let row = P.ok("scan", entry.row)?;
        P.holds(row.value == entry.key && row.version == 1, || "a row holds another row's value".into())?;
        keys.push(entry.key);
    }
    Ok(keys)
}
