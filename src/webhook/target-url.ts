/** Of a URL that is kept: an index of Postgres takes no more. */
const longest = 2_000

/** Reads a URL that notifications may be sent to; what is wrong with it goes on after `url`. */
export function readTargetUrl(text: string): { readonly url: URL } | { readonly problem: string } {
  if (!URL.canParse(text)) return { problem: 'is no URL such as https://hooks.example.com/orders' }
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return { problem: 'must begin with https:// or http://' }
  if (url.username !== '' || url.password !== '') {
    return { problem: 'must not hold a user or a password: receivers know us by the signature' }
  }
  if (url.href.length > longest) return { problem: `is longer than ${longest} characters` }
  url.hash = ''
  return { url }
}
