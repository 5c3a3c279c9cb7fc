export type HeaderValue = Buffer | string | null

/** The values of a name that is there several times are a list. */
export type MessageHeaders = Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>

/** Each value with its name; none of those that are undefined. */
export function headerFields(headers: MessageHeaders): (readonly [name: string, value: HeaderValue])[] {
  const fields: (readonly [string, HeaderValue])[] = []
  for (const [name, header] of Object.entries(headers)) {
    if (isList(header)) for (const value of header) fields.push([name, value])
    else if (header !== undefined) fields.push([name, header])
  }
  return fields
}

const isList = (header: MessageHeaders[string]): header is readonly HeaderValue[] => Array.isArray(header)
