'use strict'
const $ = (id) => document.getElementById(id)

/** An element; children that are texts are texts, never markup: names of tables are somebody else's. */
function make(tag, name, ...children) {
  const element = document.createElement(tag)
  if (name) element.className = name
  element.append(...children.filter((child) => child !== null))
  return element
}

const number = (value, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits })
const inRows = (count) => `${number(count)} ${count === 1 ? 'row' : 'rows'}`
const bytes = (value) => {
  const unit = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)))
  return `${number(value / 1000 ** unit, 1)} ${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`
}
const seconds = (value) => {
  if (value < 120) return `${number(value, value < 10 ? 1 : 0)} s`
  if (value < 7200) return `${number(value / 60)} min`
  return value < 172_800 ? `${number(value / 3600, 1)} h` : `${number(value / 86_400)} d`
}
const ms = (value) => (value < 1000 ? `${number(value)} ms` : seconds(value / 1000))
const percent = (share) => `${number(share * 100, share < 0.1 ? 1 : 0)} %`
const time = (iso) => (iso ? new Date(iso).toLocaleTimeString() : 'never')
const wordOf = (share) => (share >= 0.95 ? 'bad' : share >= 0.5 ? 'warn' : '')

function meter(share, word = wordOf(share)) {
  const bar = make('div', '')
  bar.style.width = `${Math.min(100, share * 100)}%`
  const element = make('div', `meter ${word}`, bar)
  element.setAttribute('role', 'meter')
  element.setAttribute('aria-valuenow', String(Math.round(share * 100)))
  return element
}

/** Pairs of a term and what it is; what is null is left out. */
function terms(list, pairs) {
  const parts = pairs.flatMap((pair) => {
    if (pair === null) return []
    const [term, text, name] = pair
    if (term === null) return [make('dd', `all ${name ?? ''}`, text)]
    return [make('dt', '', term), make('dd', name ?? '', text)]
  })
  list.replaceChildren(...parts)
  return list
}

const svg = (tag, attributes) => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}
const [width, height] = [600, 64]

const plots = [
  ['Rows per second', 'rowsPerSecond', (value) => number(value, value < 10 ? 1 : 0)],
  ['Lag of the oldest change', 'lagSeconds', seconds],
  ['Commit to durable, p95', 'latencyMs', ms],
  ['Fullest queue', 'queueShare', percent],
  ['Changes per batch', 'batchSize', (value) => number(value)],
  ['WAL kept by the slot', 'retainedBytes', bytes],
].map(([title, key, format]) => {
  const value = make('div', 'big', '–')
  const most = make('span', 'dim small')
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img' })
  picture.setAttribute('aria-label', title)
  const area = svg('path', { class: 'area' })
  const curve = svg('path', { class: 'curve' })
  picture.append(svg('path', { class: 'base', d: `M0,${height}H${width}` }), area, curve)
  const begin = make('span', '')
  const axis = make('div', 'row dim small', begin, make('span', '', 'now'))
  const card = make('section', '', make('h3', '', title), make('div', 'row', value, most), picture, axis)
  $('plots').append(card)
  return { card, key, format, value, most, begin, area, curve, picture, samples: [] }
})

for (const plot of plots) {
  plot.picture.addEventListener('pointermove', ({ clientX }) => {
    const { left, width: wide } = plot.picture.getBoundingClientRect()
    const behind = Math.round((1 - (clientX - left) / wide) * spanOf(plot.samples))
    const sample = plot.samples[plot.samples.length - 1 - behind]
    const value = sample?.[plot.key]
    plot.pointed =
      value == null ? null : `${plot.format(value)} at ${new Date(sample.at).toLocaleTimeString()}`
    draw(plot, plot.samples)
  })
  plot.picture.addEventListener('pointerleave', () => {
    plot.pointed = null
    draw(plot, plot.samples)
  })
}

/** The seconds that are shown: a young stream is not a dot at the edge. */
const spanOf = (samples) => [60, 120, 300].find((span) => samples.length <= span) ?? 600

function draw(plot, samples) {
  plot.samples = samples
  const { key, format, value, most, begin, area, curve, pointed } = plot
  const known = samples.map((sample) => sample[key])
  const values = known.filter((each) => each !== null)
  const top = Math.max(0, ...values)
  const span = spanOf(samples)
  const yOf = (each) => (height - 2 - (top > 0 ? (each / top) * (height - 6) : 0)).toFixed(1)
  const pieces = []
  let piece = null
  known.forEach((each, place) => {
    if (each === null) return // nothing was delivered then: the line goes on to where something was
    const x = width * (1 - (known.length - 1 - place) / span)
    const point = `${x.toFixed(1)},${yOf(each)}`
    if (piece) piece.push(point)
    else pieces.push((piece = [point]))
  })
  curve.setAttribute('d', pieces.map((points) => `M${points.join('L')}`).join(''))
  const closed = (points) => `M${points[0].split(',')[0]},${height}L${points.join('L')}V${height}Z`
  area.setAttribute('d', pieces.map(closed).join(''))
  begin.textContent = `${span / 60} min ago`
  value.textContent = values.length > 0 ? format(values.at(-1)) : '–'
  most.textContent = pointed ?? (values.length > 0 ? `at most ${format(top)}` : '')
}

function sinkCard(sink) {
  const { name, opened, stalled, problem, queue, operations, lastDelivery, commitToDurableMs: told } = sink
  const share = queue.limit > 0 ? queue.length / queue.limit : 0
  const size = queue.unit === 'bytes' ? bytes : (count) => `${number(count)} events`
  const [word, state] = !opened
    ? ['bad', 'not connected']
    : stalled
      ? ['bad', 'delivers nothing']
      : problem
        ? ['warn', 'trying again']
        : ['good', queue.length > 0 ? 'delivering' : 'up to date']
  return make(
    'section',
    '',
    make('div', 'row', make('span', 'name', name), make('span', word, `● ${state}`)),
    meter(share),
    make('div', 'dim small', `${size(queue.length)} of ${size(queue.limit)} waiting, ${percent(share)}`),
    terms(make('dl', ''), [
      ['delivered', `${number(operations)} in ${number(sink.batches)} batches`],
      ['last', time(lastDelivery)],
      ['lag', seconds(sink.lagSeconds)],
      ['p50 · p95 · p99', told ? [told.p50, told.p95, told.p99].map(ms).join(' · ') : '–'],
      ['retries', number(sink.retries), sink.retries > 0 ? 'warn' : ''],
      ['dead letters', number(sink.deadLetters), sink.deadLetters > 0 ? 'bad' : ''],
      sink.ignoredValues > 0 ? ['values not searchable', number(sink.ignoredValues), 'warn'] : null,
      problem ? [null, problem.message, word] : null,
    ]),
  )
}

function showSlot(slot) {
  $('slot-card').hidden = slot === null
  if (slot === null) return
  const { retained, problem } = slot
  const level = { ok: '', half: 'warn' }[retained?.level] ?? 'bad'
  terms($('slot'), [
    retained && [null, make('span', 'name', retained.slot), ''],
    retained && [null, meter(retained.share, level), ''],
    retained && [
      'WAL kept',
      `${bytes(retained.retainedBytes)}, ${percent(retained.share)} of ${bytes(retained.limitBytes)}`,
      level,
    ],
    retained && ['limited by', retained.limitedBy, 'small'],
    retained?.secondsLeft != null ? ['full in', seconds(retained.secondsLeft), level || 'warn'] : null,
    retained && ['behind', bytes(retained.lagBytes)],
    retained && ['confirmed', retained.confirmedLsn ?? '–'],
    retained && ['plugin', retained.plugin ?? '–'],
    retained && ['read by', retained.activePid === null ? 'nobody' : `pid ${retained.activePid}`],
    slot.seenAt > 0 ? ['seen', new Date(slot.seenAt).toLocaleTimeString()] : null,
    problem && [null, problem.message, 'bad'],
  ])
}

function showBackfill(backfill) {
  $('backfill-card').hidden = !backfill
  if (!backfill) return
  const states = Object.entries(backfill.tables).filter(([, count]) => count > 0)
  const tables = backfill.open.map(({ schema, table, state, rows, estimatedRows, secondsLeft, error }) => {
    const share = estimatedRows > 0 ? Math.min(1, rows / estimatedRows) : 0
    const left = secondsLeft === null ? '' : `, ${seconds(secondsLeft)} left`
    const text = error ?? (state === 'running' ? `${inRows(rows)}, ${percent(share)}${left}` : state)
    const head = make('div', 'row', make('span', '', `${schema}.${table}`))
    head.append(make('span', `small ${error ? 'bad' : 'dim'}`, text))
    return make('div', '', head, state === 'running' ? meter(share, '') : null)
  })
  const sum = states.map(([state, count]) => `${number(count)} ${state}`).join(', ')
  $('backfill').replaceChildren(make('div', 'dim', `Tables: ${sum}. ${inRows(backfill.rows)}.`), ...tables)
}

function show(status, { samples }) {
  const { ready, reasons, source, sinks, lastSchemaChanges: changes } = status
  document.body.classList.remove('gone')
  document.title = `${ready ? '' : '⚠ '}pgstream`
  $('state').textContent = ready ? '● streaming' : '● not ready'
  $('state').className = `badge ${ready ? 'good' : 'bad'}`
  $('flow').textContent = `${source.about} → ${sinks.map(({ name }) => name).join(', ')}`
  $('since').textContent =
    `${inRows(status.rows)} in ${seconds(status.uptimeSeconds)}, pid ${status.pid}` +
    (source.losses > 0 ? `, connection lost ${number(source.losses)} times` : '') +
    (source.deadLetters > 0 ? `, ${number(source.deadLetters)} dead letters of the source` : '')
  $('reasons').hidden = ready
  $('reasons').replaceChildren(...reasons.map((reason) => make('p', '', reason)))
  for (const plot of plots) draw(plot, samples)
  plots.at(-1).card.hidden = status.slot === null
  $('sinks').replaceChildren(...sinks.map(sinkCard))
  showSlot(status.slot)
  showBackfill(status.slot?.backfill)
  terms(
    $('changes'),
    changes.length === 0
      ? [[null, 'None since the start.', 'dim']]
      : changes.map(({ committed, schema, tables }) => [time(committed), `${schema}: ${tables.join(', ')}`]),
  )
}

function gone() {
  document.body.classList.add('gone')
  document.title = '⚠ pgstream'
  $('state').textContent = '● gone'
  $('state').className = 'badge bad'
  $('reasons').hidden = false
  $('reasons').replaceChildren(
    make('p', '', 'pgstream does not answer any more: below is what it said last.'),
  )
}

async function update() {
  try {
    const ask = async (path) => (await fetch(path, { signal: AbortSignal.timeout(5000) })).json()
    show(...(await Promise.all([ask('status'), ask('history')])))
    document.body.dataset.updates = Number(document.body.dataset.updates ?? 0) + 1
  } catch {
    gone()
  }
  setTimeout(update, 1000)
}
update()
