/** The profile file by which Delta Sharing clients find the server and sign in (protocol, "Profile File Format"). */
export interface DeltaProfile {
  readonly shareCredentialsVersion: 1
  readonly endpoint: string
  readonly bearerToken: string
  /** RFC 3339. */
  readonly expirationTime: string
}

/** @param address of reporting, without a slash at the end; @param until when the key ends, RFC 3339 */
export function profileFor(address: string, key: string, until: string): DeltaProfile {
  return {
    shareCredentialsVersion: 1,
    endpoint: `${address}/partner/v1/delta/`,
    bearerToken: key,
    expirationTime: until,
  }
}
