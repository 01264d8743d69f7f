//! What the toy keeps beside a share's core: whether it can sign.

use maany_mpc_core::key_share::EngineState;
use zeroize::Zeroizing;

#[derive(Clone, Copy)]
pub(super) enum Beside {
    Whole,
    Slim,
}

impl Beside {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [1] => Some(Self::Whole),
            [0] => Some(Self::Slim),
            _ => None,
        }
    }
}

impl EngineState for Beside {
    fn dangerous_export(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(vec![u8::from(self.can_sign())])
    }

    fn dangerous_slim(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(Vec::new())
    }

    fn can_sign(&self) -> bool {
        matches!(self, Self::Whole)
    }
}
