"""De-identification: find identifiers, replace them consistently, account for each."""
