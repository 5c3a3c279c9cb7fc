const isSoak = process.env['PGSTREAM_SOAK'] === '1'

/** How often something is done: longer in `npm run soak` than in `npm test`. */
export const times = (normal: number, soak: number): number => (isSoak ? soak : normal)

/** What random choices of the tests of promises follow from: the same each time, but in `npm run soak`, where it is told. */
export const seed: number = Number(process.env['PGSTREAM_TEST_SEED'] ?? (isSoak ? Date.now() % 1e6 : 1))

if (isSoak) console.log(`seed ${seed}`)
