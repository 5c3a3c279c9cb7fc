/** Sends ready messages by kafkajs alone, to be confirmed by all replicas, four batches at once. */
import { Kafka, logLevel } from 'kafkajs'
import { sendAll } from './ready-messages.mjs'

const kafka = new Kafka({ brokers: process.env.BENCH_KAFKA.split(','), logLevel: logLevel.NOTHING })
const producer = kafka.producer()
await producer.connect()
await sendAll((messages) => producer.send({ topic: process.env.BENCH_TOPIC, acks: -1, messages }), 4)
await producer.disconnect()
