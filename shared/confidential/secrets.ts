/** Keys, tokens and passwords by the forms that their issuers publish, and by the words that stand before them. */

/** Prefix, then what the issuer's tokens are made of. */
const issued: readonly RegExp[] = [
  /(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AIPA|ANPA|ANVA|AROA|APKA|ASCA)[A-Z2-7]{12}/, // AWS
  /gh[oprsu]_[A-Za-z0-9]{16}|github_pat_[A-Za-z0-9_]{16}/,
  /gl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[\w.-]{16}/,
  /xox[a-z](?:\.xox[a-z])?-[\w-]{8}|xapp-\d-[\w-]{8}|hooks\.slack\.com\/services\/T\w/,
  /AIza[\w-]{30}|ya29\.[\w-]{16}|GOCSPX-[\w-]{16}|\b1\/\/0[\w-]{20}/, // Google
  /\b[spr]k_(?:live|test)_\w{8}|whsec_\w{8}/, // Stripe
  /npm_[A-Za-z0-9]{20}|pypi-[\w-]{20}|rubygems_[a-f0-9]{20}|dckr_pat_[\w-]{16}/,
  /\bsk-[\w-]{20}|hf_[A-Za-z0-9]{20}|SG\.[\w-]{16}\.[\w-]{16}|key-[0-9a-f]{32}/,
  /do[opr]_v1_[a-f0-9]{16}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{16}|sq0[a-z]{3}-[\w-]{16}|EAAA[\w-]{50}/,
  /hv[bsr]\.[\w-]{16}|ATATT3[\w-]{16}|dapi[0-9a-f]{32}|\b\d{8,10}:AA[\w-]{30}|AGE-SECRET-KEY-1/,
  /\b(?:AC|SK)[0-9a-f]{32}\b|NRAK-[A-Z0-9]{16}|\blin_api_\w{16}|PMAK-[a-f0-9]{16}|glsa_\w{16}/,
  /ssh-(?:rsa|dss|ed25519) AAAA|ecdsa-sha2-\S{1,20} AAAA|PuTTY-User-Key-File|-----BEGIN [A-Z ]{3}/,
  /\beyJ[\w-]{6,4000}\.[\w-]{2}/, // JSON Web Tokens: what `{"` begins with, in base64url
]

/** `Authorization: Bearer …`, `password=…`, `"api_key": "…"`, `--token …`. */
const named: readonly RegExp[] = [
  /\b(?:bearer|basic|digest|negotiate|token)\s{1,4}[\w+/=.~-]{12}/i,
  /(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|(?:api|access|private|secret|account|auth|encryption)[_ -]?key|auth)["']?\s{0,4}(?:[:=]{1,2}>?)\s{0,4}["']?[^\s"',;]{3}/i,
  /--(?:pass(?:word|phrase)?|secret|token|api-?key)[ =][^\s-]/i,
]

export function hasSecret(text: string): boolean {
  return issued.some((pattern) => pattern.test(text)) || named.some((pattern) => pattern.test(text))
}
