/** The few things that every part of the page needs of the DOM. Text is always set as text, never as HTML. */

export const byId = (id) => document.getElementById(id);

/** The elements of a cloned template by their `data-part`, in camel case. */
export function partsOf(root) {
  const parts = {};
  for (const element of root.querySelectorAll('[data-part]')) {
    parts[element.dataset.part.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())] = element;
  }
  return parts;
}

/** `make('li', { className: 'row' }, 'text', child)` */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function makeIcon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `icons.svg#${name}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

/** Tells a screen reader; `isUrgent` interrupts what it is saying. */
export function announce(text, isUrgent = false) {
  byId(isUrgent ? 'alarm' : 'announcer').textContent = text;
}
