/** The transaction id in 64 bits whose lower half this is, the last one that is not after `now`. */
export function widenXid(xid: bigint, now: bigint): bigint {
  const sameEpoch = (now & ~0xffff_ffffn) | xid
  return sameEpoch > now ? sameEpoch - 0x1_0000_0000n : sameEpoch
}
