/** One thing that `init` or `tear-down` did, found done, waits for, or warns of. */
export interface Step {
  readonly step: string
  readonly state: 'done' | 'already' | 'waiting' | 'warning'
  readonly detail: string
}

/** Hears of every step as it happens; waiting is told again every few seconds. */
export type ReportStep = (step: Step) => void
