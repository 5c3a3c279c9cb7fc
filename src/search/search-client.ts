/**
 * What we need of a search store, and all that the rest of this folder knows of a client. `opensearch-client.ts` serves it
 * for OpenSearch and Elasticsearch.
 */
export interface SearchClient {
  /** Rejects with a `StoreError` when the answer is no success, or does not come. */
  send<Answer>(request: SearchRequest): Promise<Answer>
  /** The same, with the answer as it came: numbers keep their digits. */
  sendForText(request: SearchRequest): Promise<string>
  /** Operations as the bulk API takes them; each has an answer of its own, or all of them are done. Rejects as `send`. */
  bulk(lines: Buffer): Promise<readonly BulkItem[] | 'done'>
  close(): Promise<void>
}

export interface SearchRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** 60,000 if not given. */
  readonly timeoutMs?: number
}

/** What became of one operation. */
export interface BulkItem {
  readonly status: number
  readonly error: { readonly type: string; readonly reason: string } | null
}
