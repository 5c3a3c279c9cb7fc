// Loaded before a command: throws an error that is not of pgstream, outside of everything that could catch it, as soon as the
// command looks after such errors.
const thrown = () => {
  try {
    return JSON.parse(process.env.THROWN)
  } catch (error) {
    return error
  }
}

const wait = () => {
  if (process.listenerCount('uncaughtException') === 0) return setImmediate(wait)
  if (process.env.HOW === 'rejection') return void Promise.reject(thrown())
  throw thrown()
}
setImmediate(wait)
