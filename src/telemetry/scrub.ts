const credentialsOfUrls = /\b([a-z][a-z0-9+.-]*:\/\/)(?!user:password@)[^\s"'`<>]*@/gi
const passwordParameters = /\b((?:ssl)?password\s*=\s*)(?:'[^']*'|[^\s&"']+)/gi

/**
 * The text without users and passwords of URLs: what stands before the last `@` of a URL is taken away, because a raw
 * `@`, `/` or `#` may be part of a password. The words `user:password`, by which remedies show the form, stay.
 */
export function scrub(text: string): string {
  return text.replace(credentialsOfUrls, '$1***@').replace(passwordParameters, '$1***')
}
