//! What every [`Authenticator`] keeps. Run it from a test of the implementation; it panics where a promise is broken.

use maany_coordinator_proto::Token;

use super::{AuthError, Authenticator, Principal};

/// A token that the implementation under test accepts, and whom it speaks for.
#[derive(Debug)]
pub struct Accepted {
    /// The token's text.
    pub token: String,
    /// What [`Authenticator::authenticate`] must answer.
    pub principal: Principal,
}

/// Runs the suite. `accepted` holds at least two tokens of different owners; `refused` holds tokens of the
/// implementation's own form that it must not accept: revoked, expired, of another issuer.
///
/// # Panics
/// Where a promise is broken.
pub async fn run(authenticator: &dyn Authenticator, accepted: &[Accepted], refused: &[String]) {
    assert!(accepted.len() >= 2, "the suite needs tokens of two owners");
    a_good_token_gives_its_principal_every_time(authenticator, accepted).await;
    a_changed_token_is_refused(authenticator, accepted).await;
    halves_of_two_tokens_make_none(authenticator, accepted).await;
    a_token_of_another_form_is_refused(authenticator).await;
    for token in refused {
        require_refused(authenticator, token, "one that must not be accepted").await;
    }
    // Nothing of the above has changed what is accepted.
    a_good_token_gives_its_principal_every_time(authenticator, accepted).await;
}

async fn a_good_token_gives_its_principal_every_time(
    authenticator: &dyn Authenticator,
    accepted: &[Accepted],
) {
    for Accepted { token, principal } in accepted.iter().chain(accepted) {
        let found = authenticator.authenticate(&parse(token)).await;
        let found = found.expect("an accepted token is accepted");
        assert_eq!(found, *principal, "a token speaks for its own principal");
    }
}

async fn a_changed_token_is_refused(authenticator: &dyn Authenticator, accepted: &[Accepted]) {
    for Accepted { token, .. } in accepted {
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(changed).expect("tokens are ascii");
            require_refused(authenticator, &changed, "one with a changed character").await;
            require_refused(authenticator, &token[..at], "one cut short").await;
        }
        for added in ["x", ".", "=", ".x"] {
            require_refused(authenticator, &format!("{token}{added}"), "one with an end added").await;
            require_refused(authenticator, &format!("{added}{token}"), "one with a start added").await;
        }
    }
}

async fn halves_of_two_tokens_make_none(authenticator: &dyn Authenticator, accepted: &[Accepted]) {
    for one in accepted {
        for two in accepted.iter().filter(|two| two.token != one.token) {
            let parts = (one.token.rsplit_once('.'), two.token.rsplit_once('.'));
            if let (Some((left, _)), Some((_, right))) = parts {
                require_refused(authenticator, &format!("{left}.{right}"), "halves of two").await;
            }
        }
    }
}

async fn a_token_of_another_form_is_refused(authenticator: &dyn Authenticator) {
    let long = "x".repeat(4096);
    let two_dots = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.";
    for other in [".", "..", "x", "null", "0", "id.secret", "'or'1'='1", two_dots, &long] {
        require_refused(authenticator, other, "one of another form").await;
    }
}

async fn require_refused(authenticator: &dyn Authenticator, token: &str, what: &str) {
    // What is no token at all never reaches an authenticator.
    let Ok(token) = Token::new(token) else { return };
    match authenticator.authenticate(&token).await {
        Err(AuthError::Refused) => {}
        Ok(_) => panic!("a token is accepted: {what}"),
        Err(error) => panic!("a bad token is refused, not {error}: {what}"),
    }
}

fn parse(token: &str) -> Token {
    Token::new(token).expect("an accepted token has the form of one")
}
