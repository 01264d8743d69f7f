//! The chains that come with the crate: `data/chains/`, in the registry's own form, cut to what is read.

use super::{Chain, registry};

const FILES: [(&[u8], &[u8]); 3] = [
    (
        include_bytes!("../../data/chains/cosmoshub.chain.json"),
        include_bytes!("../../data/chains/cosmoshub.assetlist.json"),
    ),
    (
        include_bytes!("../../data/chains/injective.chain.json"),
        include_bytes!("../../data/chains/injective.assetlist.json"),
    ),
    (
        include_bytes!("../../data/chains/osmosis.chain.json"),
        include_bytes!("../../data/chains/osmosis.assetlist.json"),
    ),
];

pub(super) fn all() -> Vec<Chain> {
    // A test reads every file, so that none is missing here.
    FILES.iter().filter_map(|(chain, assets)| registry::read(chain, Some(assets)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read() {
        assert_eq!(all().len(), FILES.len());
    }
}
