/** The last minute of a score as a line: seen at a glance, said in words elsewhere. */

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 120;
const HEIGHT = 28;
const PAD = 2;

/** The score of ITU-T G.107 ends there; below 2 nobody stays in a call. */
const HIGHEST = 4.5;
const LOWEST = 2;
/** Below it many users are dissatisfied (ITU-T G.109). */
const FAIR = 3.6;

/** @param {number} capacity how many values are shown */
export function createSparkline(capacity = 60) {
  const svg = draw('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    class: 'sparkline',
  });
  svg.setAttribute('aria-hidden', 'true');
  const border = draw('line', { class: 'sparkline-border', x1: 0, x2: WIDTH, y1: yOf(FAIR), y2: yOf(FAIR) });
  const line = draw('path', { class: 'sparkline-line', d: '' });
  const last = draw('path', { class: 'sparkline-last', d: '' });
  svg.append(border, line, last);
  const values = [];
  return {
    element: svg,
    /** @param {number | null} value a gap where it is null */
    add(value) {
      values.push(value);
      if (values.length > capacity) values.shift();
      const xOf = (index) => WIDTH - PAD - ((values.length - 1 - index) * (WIDTH - 2 * PAD)) / (capacity - 1);
      line.setAttribute('d', pathOf(values, xOf));
      // A line of no length with round caps is a dot, whatever the drawing is stretched to.
      const end = value === null ? '' : `M${xOf(values.length - 1).toFixed(1)} ${yOf(value)}h0`;
      last.setAttribute('d', end);
    },
  };
}

function pathOf(values, xOf) {
  let isDrawing = false;
  let path = '';
  values.forEach((value, index) => {
    if (value !== null) path += `${isDrawing ? 'L' : 'M'}${xOf(index).toFixed(1)} ${yOf(value)}`;
    isDrawing = value !== null;
  });
  return path;
}

function yOf(value) {
  const share = (Math.min(HIGHEST, Math.max(LOWEST, value)) - LOWEST) / (HIGHEST - LOWEST);
  return (HEIGHT - PAD - share * (HEIGHT - 2 * PAD)).toFixed(1);
}

function draw(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
