//! The DKLs23 engine keeps the promises of every engine.

use maany_mpc_core::{Dkls23, conformance};

#[test]
fn dkls23_conforms() {
    conformance::run(&Dkls23);
}
