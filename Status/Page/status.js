// The status page of AccioKestrel: one event stream in, one page out.
//
// Each event of the stream goes into the model; a frame later the whole page is drawn from the model. Every text goes
// through textContent, and only where it changed, so a quiet server costs next to nothing.

import uPlot from './uplot/uPlot.esm.js';
import { FAILURES, STEPS } from './words.js';

const NAME = 'AccioKestrel';
const CHART_SECONDS = 300;
const RETRY_MS = 1000;
const SILENT_STREAM_MS = 5000;      // an event comes every quarter of a second; without any for this long, try again
const SPEAK_MS = 8000;              // a screen reader hears at most one sentence in this time
const LABEL_MS = 10000;             // how often the chart's text alternative changes
const TITLE_MS = 1000;
const FEW_RESULTS = 4;              // new rows in one event that the table makes room for by moving the others
const ROWS = 10;                    // rows of the table at first
const MORE_ROWS = 30;               // rows that the button adds

const $ = id => document.getElementById(id);

const model = {
  status: null,       // the latest event
  samples: [],        // received bytes per second, oldest first
  hasNewSamples: false,
  recent: [],         // the latest results, newest first
  live: false,
  lostAt: null,       // when the connection was lost
  paused: null,       // since when the reader has paused the page, and the event it shows since then
  restartSeenAt: null,
  onlyErrors: $('only-errors').checked,
  rows: ROWS,
};

// ---------------------------------------------------------------------------------------------- numbers in words

// Counts have no thousands separators, and times are UTC: both can be compared with standard output and log as they stand.
const instant = time => new Date(time).toISOString().slice(0, 23).replace('T', ' ');
const clock = time => `${instant(time).slice(11, 19)} UTC`;

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** 1234567 is "1.18 MiB": three digits, at least. */
function size(bytes) {
  if (!Number.isFinite(bytes)) {
    return '–';
  }
  let unit = 0;
  while (bytes >= (unit === 0 ? 1024 : 1023.5) && unit < UNITS.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(bytes) : threeDigits(bytes)} ${UNITS[unit]}`;
}

const rate = bytesPerSecond => Number.isFinite(bytesPerSecond) ? `${size(bytesPerSecond)}/s` : '–';

const threeDigits = value => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);

const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** How long something took, to three digits. */
function duration(seconds) {
  if (!Number.isFinite(seconds)) {
    return '–';
  }
  if (seconds < 0.0009995) {
    return `${Math.round(seconds * 1e6)} µs`;
  }
  return seconds < 0.9995 ? `${threeDigits(seconds * 1e3)} ms` : seconds < 60 ? `${threeDigits(seconds)} s` : span(seconds);
}

/** How long something has been going on: the two largest units. */
function span(seconds) {
  const s = Math.floor(seconds);
  const two = number => String(number).padStart(2, '0');
  if (s < 60) {
    return `${s} s`;
  }
  if (s < 3600) {
    return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  }
  return s < 86400
    ? `${Math.floor(s / 3600)} h ${two(Math.floor(s / 60) % 60)} min`
    : `${Math.floor(s / 86400)} d ${two(Math.floor(s / 3600) % 24)} h`;
}

/** A running clock: tenths in the first minute. */
const running = seconds => seconds < 60 ? `${(Math.floor(seconds * 10) / 10).toFixed(1)} s` : span(seconds);

/** A limit as it was set: "10 s", "2.5 s", "1 min". */
const limit = seconds => seconds < 60 ? `${Number(seconds.toFixed(3))} s` : span(seconds).replace(/ 00 .+$/, '');

// Names that this page does not know, from a later server, are shown as they are.
const reasonOf = failure => FAILURES[failure] ?? failure;
const stepOf = step => STEPS[step] ?? step;

const outcomeOf = result => result.failure === null ? count(result.bytes, 'byte') : `ERROR, ${reasonOf(result.failure)}`;

// The server's clock, not this machine's: the two may differ.
const serverNow = status => Date.parse(status.startedAt) + status.uptimeSeconds * 1000;

function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

function setBytes(element, exact, bytes) {
  setText(element, size(bytes));
  setText(exact, count(bytes, 'byte'));
  element.dataset.bytes = String(bytes);
}

// ---------------------------------------------------------------------------------------------- the event stream

let source = null;
let firstOfStream = true;
let heardAt = 0;
let retryTimer = 0;

function connect() {
  clearTimeout(retryTimer);
  source?.close();
  firstOfStream = true;
  heardAt = performance.now();
  source = new EventSource('api/events');
  source.addEventListener('status', event => receive(JSON.parse(event.data)));
  // EventSource would try again by itself, but some browsers wait longer and longer, and none does after an answer
  // that is no event stream (a server that is just starting). So every failure is handled here, in the same way.
  source.addEventListener('error', lose);
}

function lose() {
  source?.close();
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, RETRY_MS);
  if (model.live || model.status === null) {
    model.lostAt = model.live ? new Date() : null;
    if (model.live) {
      announce({ link: 'Connection lost. Reconnecting.' });
    }
    setLive(false);
  }
}

function receive(status) {
  heardAt = performance.now();
  const before = model.status;
  const sameProcess = before?.startedAt === status.startedAt;

  if (firstOfStream) {
    model.samples = [];
  }
  model.samples.push(...status.rates.bytesPerSecond);
  model.hasNewSamples ||= firstOfStream || status.rates.bytesPerSecond.length > 0;
  model.samples = model.samples.slice(-capacity(status));
  if (status.recent !== null) {
    model.recent = status.recent;
  } else if (!sameProcess) {
    model.recent = [];
  }
  model.status = status;

  if (before !== null && !sameProcess) {
    model.restartSeenAt = performance.now();
  }
  if (!model.live) {
    if (model.lostAt !== null) {
      announce({ link: sameProcess ? 'Connected again.' : 'Connected again. The server was restarted.' });
    }
    setLive(true);
  } else if (sameProcess && model.paused === null) {
    const ended = status.totals.exchanges - before.totals.exchanges;
    // Earlier exchanges, once the server has read them from its file of results, have not ended now.
    if (ended > 0 && status.totals.since === before.totals.since) {
      announce({ ended, errors: errorsOf(status) - errorsOf(before), last: model.recent[0] });
    }
  }
  firstOfStream = false;
  retitle();
  draw();
}

function setLive(live) {
  model.live = live;
  showState();
}

const STATES = { live: 'Live', paused: 'Paused', reconnecting: 'Reconnecting' };

/** The state of this page, in its head and in its title: Live is only what changes with the server. */
function showState() {
  const state = !model.live ? 'reconnecting' : model.paused !== null ? 'paused' : 'live';
  document.documentElement.dataset.connection = state;
  setText($('connection'), STATES[state]);
  titledAt = -Infinity;
  retitle();
  draw();
}

// A connection can also die without a word: a sleeping laptop, a cable, a stopped process.
setInterval(() => {
  if (performance.now() - heardAt > SILENT_STREAM_MS) {
    lose();
    connect();
  }
}, 1000);

// Timers of hidden pages run late; someone who comes back should not wait for one.
function hurry() {
  if (!model.live && document.visibilityState === 'visible') {
    connect();
  }
}

document.addEventListener('visibilitychange', hurry);
addEventListener('online', hurry);
addEventListener('pageshow', event => event.persisted && connect());
addEventListener('pagehide', () => source?.close());

const capacity = status => Math.max(2, Math.round(CHART_SECONDS / status.rates.intervalSeconds));
const errorsOf = status => Object.values(status.totals.errors).reduce((sum, number) => sum + number, 0);

// ---------------------------------------------------------------------------------------------- drawing

let frame = 0;

/** Draws with the next frame: not more often than the screen shows it, and not at all while the page is hidden. */
function draw() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    drawNotice();
    if (model.status !== null) {
      const { status, recent } = model.paused ?? model;
      drawHeader(status);
      drawCurrent(status, recent);
      drawTotals(status);
      drawResults(recent);
      if (model.paused === null) {
        drawChart(status);
      }
    }
  });
}

function drawHeader(status) {
  setText($('end-points'), status.endPoints.length > 0 ? status.endPoints.join(', ') : 'not listening');
  setText($('uptime'), span(status.uptimeSeconds));
  setText($('version'), status.version);
  $('uptime').title = `Started at ${instant(status.startedAt)} UTC`;
}

const marks = [...$('stepper').children];

function drawCurrent(status, recent) {
  const current = status.current;
  setText($('waiting'), status.waiting === null ? 'not known' : String(status.waiting));
  $('idle').hidden = current !== null;
  $('current').hidden = current === null;
  if (current === null) {
    setText($('idle-note'), idleNote(status, recent));
    drawFirstFile(status);
    return;
  }
  setText($('current-peer'), current.peer ?? 'unknown address');
  setText($('current-id'), current.connectionId);
  setText($('current-step'), stepOf(current.step));
  setBytes($('current-bytes'), $('current-exact'), current.bytes);
  setText($('current-rate'), rate(current.bytesPerSecond));
  setText($('current-elapsed'), running(current.elapsedSeconds));
  setText($('current-silence'), running(current.silenceSeconds));
  setText($('silence-limit'), `of ${limit(current.silenceLimitSeconds)}`);
  const silent = Math.min(1, current.silenceSeconds / current.silenceLimitSeconds);
  $('silence-gauge').style.inlineSize = `${100 * silent}%`;
  $('silence').classList.toggle('alert', silent > 0.5);
  // The step in progress is not done; of a step before or beside these, no mark is.
  const active = marks.findIndex(mark => mark.dataset.step === current.step);
  marks.forEach((mark, index) => {
    mark.classList.toggle('done', index < active);
    mark.classList.toggle('active', index === active);
  });
}

function idleNote(status, recent) {
  if (status.endPoints.length === 0) {
    return 'The server is not listening: no client can connect.';
  }
  if (recent.length === 0) {
    return 'No client has been served since the server started.';
  }
  const last = recent[0];
  const seconds = Math.max(0, (serverNow(status) - Date.parse(last.endedAt)) / 1000);
  return `The last exchange ended ${seconds < 1 ? 'just now' : `${span(seconds)} ago`}: ${outcomeOf(last)}.`;
}

/** What a newcomer types to see a first result. */
function drawFirstFile(status) {
  const endPoint = status.endPoints[0]?.match(/^\[?(.+?)\]?:(\d+)$/) ?? null;
  $('first-file').hidden = status.totals.exchanges > 0 || endPoint === null;
  if ($('first-file').hidden) {
    return;
  }
  const [, address, port] = endPoint;
  // A server that listens on all addresses is reached by the one under which its page is.
  const host = ['0.0.0.0', '::'].includes(address) ? location.hostname.replace(/[[\]]/g, '') : address;
  const exchange = "printf 'confirm-accio\\r\\nconfirm-accio-again\\r\\n\\r\\nhello'";
  const connect = status.tls
    ? `openssl s_client -connect ${host.includes(':') ? `[${host}]` : host}:${port} -quiet -no_ign_eof -nocommands${status.tlsClientCertificate ? ' -cert client.pem -key client.key' : ''}`
    : `nc -N ${host} ${port}`;
  setText($('command-label'), `In another terminal, with ${status.tls ? 'OpenSSL' : 'netcat'}; the result is 5:`);
  setText($('command'), `${exchange} | ${connect}`);
  setText($('client-command'), `${status.clientCommand} ${host} ${port} README.md`);
  $('client-label').hidden = $('client-command').parentElement.hidden = status.tls || status.clientCommand === null;
}

const reasonRows = new Map();

function drawTotals(status) {
  const { totals } = status;
  setText($('totals-heading'), totals.since === status.startedAt ? 'Since the start' : `Since ${instant(totals.since).slice(0, 16)} UTC`);
  setBytes($('total-bytes'), $('total-exact'), totals.receivedBytes);
  setText($('total-exchanges'), String(totals.exchanges));
  setText($('total-counted'), String(totals.counted));
  setText($('total-errors'), String(errorsOf(status)));
  setText($('accept-errors'), String(totals.acceptErrors));

  for (const [reason, number] of Object.entries(totals.errors)) {
    if (!reasonRows.has(reason)) {
      const row = document.createElement('div');
      row.className = 'reason';
      row.append(document.createElement('dt'), document.createElement('dd'));
      row.firstChild.textContent = reasonOf(reason);
      $('accepts').before(row);
      reasonRows.set(reason, row);
    }
    const row = reasonRows.get(reason);
    row.classList.toggle('none', number === 0);
    setText(row.lastChild, String(number));
  }
  for (const [reason, row] of reasonRows) {
    if (!(reason in totals.errors)) {
      row.remove();
      reasonRows.delete(reason);
    }
  }
}

function drawNotice() {
  const texts = [];
  if (model.paused !== null) {
    texts.push(`Paused at ${clock(model.paused.at)}.`);
  }
  if (!model.live && model.lostAt !== null) {
    texts.push(`Connection lost at ${clock(model.lostAt)}; reconnecting.`);
  } else if (model.paused !== null) {
    texts.push(whatEndedSince(model.paused.status));
  } else if (model.restartSeenAt !== null && performance.now() - model.restartSeenAt < 6000) {
    texts.push(`The server was restarted${model.status.totals.since === model.status.startedAt ? ': all counts start at 0 again' : ''}.`);
  }
  $('notice').hidden = texts.length === 0;
  setText($('notice'), texts.join(' '));
}

function whatEndedSince({ startedAt, totals }) {
  const ended = model.status.totals.exchanges - totals.exchanges;
  return model.status.startedAt !== startedAt ? 'The server was restarted since.'
    : ended === 0 ? 'No exchange has ended since.'
    : `${count(ended, 'exchange')} ${ended === 1 ? 'has' : 'have'} ended since.`;
}

// ---------------------------------------------------------------------------------------------- results

const rows = [];        // as in the table, newest first
const COLUMNS = ['ended', 'connection-id', 'peer', 'outcome', 'detail', 'duration'];
const CODE = ['connection-id', 'peer', 'outcome'];
const NUMBERS = ['outcome', 'duration'];

const keyOf = result => `${result.connectionId} ${result.endedAt}`;

function drawResults(recent) {
  if (isSelecting()) {
    return;     // text that is being copied stays where it is; selectionchange draws again
  }
  const wanted = model.onlyErrors ? recent.filter(result => result.failure !== null) : recent;
  const results = wanted.slice(0, model.rows);
  const known = rows.length > 0 ? results.findIndex(result => keyOf(result) === rows[0].key) : -1;
  if (known >= 0 && known <= FEW_RESULTS && results.length <= rows.length + known) {
    // The oldest rows become the newest. The others are not touched, so that the browser can keep what the reader
    // looks at in its place.
    for (const result of results.slice(0, known).reverse()) {
      const row = rows.length < results.length ? newRow() : rows.pop();
      fill(row, result);
      $('results').prepend(row.element);
      rows.unshift(row);
    }
  } else {
    // A first event, other rows than before, a restart, or a busy server: all rows, in place. To follow single rows would
    // now drag the reader down the page within seconds.
    results.forEach((result, index) => {
      if (index === rows.length) {
        rows.push(newRow());
        $('results').append(rows[index].element);
      }
      fill(rows[index], result);
    });
  }
  while (rows.length > results.length) {
    rows.pop().element.remove();
  }
  $('results-table').hidden = rows.length === 0;
  $('no-results').hidden = rows.length > 0;
  setText($('no-results'), recent.length === 0 ? 'No exchange has ended since the server started.'
    : `No error among the last ${count(recent.length, 'result')}.`);
  const rest = wanted.length - rows.length;
  $('paging').hidden = wanted.length <= ROWS;
  setText($('more'), rest > 0 ? `Show ${Math.min(rest, MORE_ROWS)} more` : 'Show fewer');
  setText($('shown'), shown(rows.length, wanted.length));
}

const shown = (some, all) => `${some} of ${count(all, model.onlyErrors ? 'error' : 'result')} shown.`;

function newRow() {
  const row = { element: document.createElement('tr'), key: '' };
  row.element.setAttribute('role', 'row');
  for (const column of COLUMNS) {
    const cell = document.createElement('td');
    cell.setAttribute('role', 'cell');
    cell.className = NUMBERS.includes(column) ? `${column} number` : column;
    row.element.append(cell);
    cell.classList.toggle('mono', CODE.includes(column));
    row[column] = cell;
  }
  row.time = document.createElement('time');
  row.ended.append(row.time);
  return row;
}

function fill(row, result) {
  const failed = result.failure !== null;
  row.key = keyOf(result);
  row.element.dataset.outcome = failed ? 'ERROR' : String(result.bytes);
  row.time.dateTime = result.endedAt;
  setText(row.time, instant(result.endedAt));
  setText(row['connection-id'], result.connectionId);
  setText(row.peer, result.peer ?? 'unknown');
  setText(row.outcome, failed ? 'ERROR' : String(result.bytes));
  setText(row.detail, failed ? failureDetail(result) : fileDetail(result));
  setText(row.duration, duration(result.durationSeconds));
}

const fileDetail = ({ bytes, bytesPerSecond }) =>
  `${size(bytes)}${bytes > 0 ? ` at ${rate(bytesPerSecond)}` : ''}`;

const failureDetail = ({ failure, reason, bytes }) =>
  `${reason ?? reasonOf(failure)}${bytes > 0 ? `, after ${count(bytes, 'file byte')}` : ''}`;

function isSelecting() {
  const selection = getSelection();
  return selection.rangeCount > 0 && !selection.isCollapsed && selection.getRangeAt(0).intersectsNode($('results'));
}

$('only-errors').addEventListener('change', () => {
  model.onlyErrors = $('only-errors').checked;
  model.rows = ROWS;
  drawAndTell();
});

$('more').addEventListener('click', () => {
  const isAll = $('more').textContent === 'Show fewer';
  model.rows = isAll ? ROWS : model.rows + MORE_ROWS;
  drawAndTell();
});

/** The reader has asked for other rows: says at once which there are. */
function drawAndTell() {
  rows.forEach(row => row.key = '');
  getSelection().removeAllRanges();
  drawResults((model.paused ?? model).recent);
  say(rows.length === 0 ? $('no-results').textContent : $('shown').textContent);
}

document.addEventListener('selectionchange', () => {
  if (!isSelecting()) {
    draw();
  }
});

// ---------------------------------------------------------------------------------------------- chart

let chart = null;
let labelledAt = -Infinity;

function drawChart(status) {
  if (chart === null) {
    buildChart(chartData(status));
  } else if (model.hasNewSamples) {
    chart.setData(chartData(status));
  }
  model.hasNewSamples = false;
  drawReadout();
  if (performance.now() - labelledAt > LABEL_MS) {
    labelledAt = performance.now();
    const { latest, peak } = figures();
    $('chart').setAttribute('aria-label', 'Chart of the bytes received per second over the last five minutes. '
      + `Now ${rate(latest)}, peak ${rate(peak)}.`);
  }
}

/** Seconds before now, and the samples; null where the server had not started yet. */
function chartData(status) {
  const length = capacity(status);
  const missing = length - model.samples.length;
  return [
    Array.from({ length }, (_, index) => (index + 1 - length) * status.rates.intervalSeconds),
    Array.from({ length }, (_, index) => index < missing ? null : model.samples[index - missing]),
  ];
}

function buildChart(data) {
  const styles = getComputedStyle(document.documentElement);
  const colour = name => styles.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: colour('soft'),
    font: `12px ${colour('sans')}`,
    ticks: { show: false },
    grid: { stroke: colour('line'), width: 1 },
  };
  chart?.destroy();
  chart = new uPlot({
    ...chartSize(),
    padding: [10, 18, 0, 0],
    legend: { show: false },
    select: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    scales: {
      x: { time: false, range: [-CHART_SECONDS, 0] },
      y: { range: (_, low, high) => [0, 4 * step(high)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        gap: 9,
        splits: u => u.width < 480 ? [-240, -120, 0] : [-300, -240, -180, -120, -60, 0],
        values: (_, seconds) => seconds.map(second => second === 0 ? 'now' : `−${second / -60} min`),
      },
      {
        ...axis,
        size: 76,
        splits: (u, axisIndex, low, high) => [0, 1, 2, 3, 4].map(index => index * high / 4),
        values: (_, values) => values.map(value => value === 0 ? '0' : axisRate(value)),
      },
    ],
    series: [
      {},
      { stroke: colour('accent'), fill: colour('area'), width: 1.75, points: { show: false } },
    ],
    hooks: { setCursor: [drawReadout] },
  }, data, $('chart'));
}

/** A quarter of the y axis: a power of two, so that all labels are short numbers in binary units. */
const step = peak => 2 ** Math.ceil(Math.log2(Math.max(peak * 1.02, 1024) / 4));

function axisRate(value) {
  const unit = Math.floor(Math.log2(value) / 10);
  return `${value / 1024 ** unit} ${UNITS[unit]}/s`;
}

function chartSize() {
  return { width: $('chart').clientWidth, height: $('chart').clientHeight };
}

function figures() {
  const values = chart.data[1].filter(value => value !== null);
  return { latest: values.at(-1) ?? 0, peak: Math.max(0, ...values) };
}

/** Above the chart: what is under the pointer, or the latest and the highest sample. */
function drawReadout() {
  if (chart === null) {
    return;     // uPlot calls the hook before its constructor has returned
  }
  const pointed = chart.cursor.idx;
  const value = pointed == null ? null : chart.data[1][pointed];
  const { latest, peak } = figures();
  const parts = value == null
    ? ['Now ', rate(latest), ' · peak ', rate(peak)]
    : [`${duration(-chart.data[0][pointed])} ago `, rate(value), ' · peak ', rate(peak)];
  const marks = $('readout').children;
  parts.forEach((part, index) => setText(marks[index], part));
}

function rebuildChart() {
  if (chart !== null) {
    buildChart(chart.data);
  }
}

for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
  matchMedia(query).addEventListener('change', rebuildChart);
}

new ResizeObserver(() => chart?.setSize(chartSize())).observe($('chart'));

// ---------------------------------------------------------------------------------------------- title, voice, pause

let titledAt = -Infinity;

function retitle() {
  if (performance.now() - titledAt < TITLE_MS) {
    return;
  }
  titledAt = performance.now();
  document.title = `${state()} – ${NAME}`;
}

function state() {
  if (!model.live) {
    return STATES.reconnecting;
  }
  if (model.paused !== null) {
    return STATES.paused;
  }
  const latest = model.samples.at(-1) ?? 0;
  return latest > 0 ? rate(latest)
    : model.status.current !== null ? 'Serving'
    : model.status.endPoints.length > 0 ? 'Idle' : 'Not listening';
}

const silence = () => ({ link: null, ended: 0, errors: 0, last: null });
let news = silence();
let spokenAt = -Infinity;
let speakTimer = 0;

/** Collects what happened, and says it in one sentence when the last one is long enough ago. */
function announce({ link = news.link, ended = 0, errors = 0, last = news.last }) {
  news = { link, ended: news.ended + ended, errors: news.errors + errors, last };
  speakTimer ||= setTimeout(sayNews, Math.max(0, spokenAt + SPEAK_MS - performance.now()));
}

function sayNews() {
  speakTimer = 0;
  say(sentence(news));
  news = silence();
}

/** Says a sentence now. News that wait for their time wait on: they would cut the sentence short. */
function say(text) {
  setText($('announcer'), text);
  spokenAt = performance.now();
  if (speakTimer !== 0) {
    clearTimeout(speakTimer);
    speakTimer = setTimeout(sayNews, SPEAK_MS);
  }
}

function sentence({ link, ended, errors, last }) {
  const results = ended === 0 ? null
    : ended === 1 && last ? `An exchange ended: ${outcomeOf(last)}.`
    : `${count(ended, 'exchange')} ended, ${errors === 0 ? 'none' : errors} with an error.`;
  return [link, results].filter(part => part !== null).join(' ');
}

$('pause').addEventListener('click', () => {
  model.paused = model.paused === null && model.status !== null
    ? { at: new Date(), status: model.status, recent: model.recent }
    : null;
  setText($('pause'), model.paused === null ? 'Pause' : 'Resume');
  showState();
});

connect();
