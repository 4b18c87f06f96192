//! E-mail addresses and phone numbers, as Auth accepts and stores them.

use super::error::AuthError;

/// The address in lower case.
pub(super) fn email(address: &str) -> Result<String, AuthError> {
    if address.len() > 255 {
        return Err(AuthError::invalid("An email address is too long"));
    }
    if !is_address(address) {
        return Err(AuthError::invalid(
            "Unable to validate email address: invalid format",
        ));
    }
    Ok(address.to_lowercase())
}

/// The syntax that HTML's `<input type="email">` accepts.
fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    !local.is_empty() && local.bytes().all(atom) && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// The number's digits, without `+` and spaces (E.164).
pub(super) fn phone(number: &str) -> Result<String, AuthError> {
    let digits = number.strip_prefix('+').unwrap_or(number).replace(' ', "");
    let valid = (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !valid {
        return Err(AuthError::invalid(
            "Invalid phone number format (E.164 required)",
        ));
    }
    Ok(digits)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_address_is_lowered_and_a_malformed_one_refused() {
        assert_eq!(
            super::email("Ada.Lovelace+cases@Example.ORG")
                .ok()
                .as_deref(),
            Some("ada.lovelace+cases@example.org")
        );
        let long = format!("{}@example.org", "a".repeat(255));
        for malformed in [
            "ada",
            "@example.org",
            "ada@",
            "ada@-x.org",
            "a b@c.de",
            "a@b@c",
            &long,
        ] {
            assert!(super::email(malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn a_number_is_reduced_to_its_digits_and_a_national_one_refused() {
        assert_eq!(
            super::phone("+44 20 7946 0000").ok().as_deref(),
            Some("442079460000")
        );
        for malformed in ["02079460000", "+", "1", "44a", "1234567890123456"] {
            assert!(super::phone(malformed).is_err(), "{malformed}");
        }
    }
}
