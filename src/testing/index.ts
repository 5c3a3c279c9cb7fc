/** `pgstream/testing`: what our own tests break streams with, for the tests of users. */
export { cuttingProxy } from './cutting-proxy.ts'
export type { CuttingProxy, CuttingProxyOptions } from './cutting-proxy.ts'
export type { ConnectionKind, Cut, Fault, Pace, ProxiedConnection } from './proxied-connection.ts'
export { faultySink, FaultySinkError } from './faulty-sink.ts'
export type { FaultySink, FaultySinkOptions } from './faulty-sink.ts'
