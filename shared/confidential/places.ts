/** Where somebody's things are: URLs that carry more than a place, private paths, machines and internal networks. */

/** A user before the host, or a query: searches, sessions and signatures are in there. */
export function hasTellingUrl(text: string): boolean {
  return /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/?#]{0,200}@/i.test(text) || /[?&#][\w.[\]~-]{1,64}=[^\s&]/.test(text)
}

const roots = 'home|users|root|volumes|mnt|media|export|etc|srv|opt|tmp|private|var|usr|proc|documents and settings'
const unixPath = new RegExp(`(?<![\\w.-])/{1,3}(?:\\./){0,4}(?:${roots})/{1,3}[^\\s/]`, 'i')
const upwards = /(?:^|[\s"'=(:])(?:\.\.[\\/]){1,16}\w|(?:^|[\s"'=(:])(?:~\w{0,32}|\$\{?HOME\}?)[\\/]\S|\bfile:\/\/\S/
const windowsPath =
  /(?<![A-Za-z])[A-Za-z]:[\\/]{1,2}[^\s\\/]|(?:^|[\s"'=(])\\\\{1,3}[\w.$-]{1,255}\\|%(?:userprofile|appdata|home)%/i

export function hasPrivatePath(text: string): boolean {
  return unixPath.test(text) || upwards.test(text) || (windowsPath.test(text) && !/\b[a-z]{2,20}:\/\//i.test(text))
}

const internalNames =
  /(?<![\w.-])(?:[\w-]{1,63}\.){1,10}(?:local|localdomain|internal|intranet|intra|lan|corp|home|private|consul|mesos|directory|svc|arpa|onion|ts\.net)(?![\w-]|\.\w)/i
/** A numbered machine of somebody's domain: web-01.example.com, node7.fra.example.net. */
const numberedMachine =
  /(?<![\w.-])[a-z][a-z-]{0,30}-?\d{1,5}[a-z]?(?:\.[a-z0-9-]{1,63}){1,6}\.(?:com|net|org|io|dev|cloud|co|eu|de|fr|uk|us|ch|jp|cn|in|br)(?![\w-])/i
/** What operating systems call a computer by themselves. */
const defaultNames =
  /\b(?:DESKTOP|LAPTOP|WIN)-[A-Z0-9]{6,15}\b|\b[\p{L}'’]{2,30}-(?:s-)?(?:macbook|imac|iphone|ipad|mbp|mac-?mini|thinkpad|laptop|desktop|workstation|pc)\b/iu

export function hasHost(text: string): boolean {
  return (
    /(?<![\w.-])localhost(?![\w-])/i.test(text) ||
    internalNames.test(text) ||
    numberedMachine.test(text) ||
    defaultNames.test(text)
  )
}
