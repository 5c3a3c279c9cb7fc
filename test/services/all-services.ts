import { kafkaService } from './kafka-service.ts'
import { postgresService } from './postgres-service.ts'
import { searchService } from './search-service.ts'
import type { Service } from './service.ts'

/** What a test run starts. PGSTREAM_TEST_POSTGRES_MAJORS=14,15,16,17,18 asks for other majors than the usual two. */
export function allServices(): Service[] {
  const majors = (process.env['PGSTREAM_TEST_POSTGRES_MAJORS'] ?? '15,18').split(',').map(Number)
  return [...majors.map((major) => postgresService(major)), kafkaService(), searchService()]
}
