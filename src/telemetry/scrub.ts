const credentialsOfUrls = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'`<>]*@/gi
const passwordParameters = /\b((?:ssl)?password\s*=\s*)(?:'[^']*'|[^\s&"']+)/gi

/**
 * The text without users and passwords of URLs: what stands before the last `@` of a URL is taken away, because a raw
 * `@`, `/` or `#` may be part of a password.
 */
export function scrub(text: string): string {
  return text.replace(credentialsOfUrls, '$1***@').replace(passwordParameters, '$1***')
}
