package scope

// ScanPlainly is Scan without the loop for frequent tokens.
func ScanPlainly(src string, language Language) *Scopes { return scan(src, language, true) }
