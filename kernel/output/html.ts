import type { Block, FieldsBlock, Inline, TableBlock, View } from './view.js';

/**
 * Colours come from JupyterLab's theme, light or dark; the fallbacks serve pages that nbconvert
 * writes. Where a client drops the style of an untrusted notebook, plain tables remain. The class is
 * repeated to weigh more than JupyterLab's rules, which set every cell of a table to the right,
 * stripe rows and box code.
 */
const STYLE = `
.slipway.slipway{color:var(--jp-content-font-color1,#212121);line-height:1.45}
.slipway.slipway h4{margin:0 0 .5em;font-size:1.1em}
.slipway.slipway table{color:inherit;font-size:inherit;margin:.3em 0 .7em;border-collapse:collapse;border:none}
.slipway.slipway caption{color:inherit;text-align:left;white-space:nowrap;font-weight:600;padding:.2em 0}
.slipway.slipway.slipway tr{background:none}
.slipway.slipway :is(th,td){text-align:left;padding:.2em 1em .2em 0;border:none;vertical-align:top;background:none;max-width:44em;overflow-wrap:break-word;white-space:pre-wrap}
.slipway.slipway td:has(>code:only-child){max-width:none}
.slipway.slipway thead th{border-bottom:1px solid var(--jp-border-color1,#bdbdbd);font-weight:600;white-space:nowrap}
.slipway.slipway thead+tbody td:first-child{white-space:nowrap}
.slipway.slipway tbody th{font-weight:400;color:var(--jp-content-font-color2,#616161);white-space:nowrap}
.slipway.slipway .slipway-right{text-align:right;white-space:nowrap}
.slipway.slipway .slipway-line{white-space:nowrap}
.slipway.slipway.slipway code{background:none;padding:0;white-space:inherit;color:inherit;font-family:var(--jp-code-font-family,monospace);font-size:.95em}
.slipway.slipway pre{margin:.3em 0;padding:.6em .8em;overflow:auto;border-radius:3px;background:var(--jp-layout-color2,#f3f3f3)}
.slipway.slipway p{margin:.3em 0}
.slipway.slipway img{max-width:100%}
.slipway.slipway progress{width:14em;vertical-align:middle;margin-right:.4em;accent-color:var(--jp-brand-color1,#1976d2)}
.slipway.slipway summary{cursor:pointer;color:var(--jp-content-link-color,#1565c0)}
.slipway.slipway a{color:var(--jp-content-link-color,#1565c0)}
.slipway-good{color:var(--jp-success-color0,#1b5e20)}
.slipway-warning{color:var(--jp-warn-color0,#b54d00)}
.slipway-muted{color:var(--jp-content-font-color2,#616161)}
`.trim();

const SIGNS = { good: '✓ ', warning: '⚠ ', muted: '' } as const;

/** A view as HTML. Everything that is not markup of this file is escaped. */
export function renderHtml(view: View): string {
  const title = view.title === undefined ? '' : `<h4>${renderInline(view.title)}</h4>`;
  const body = view.blocks.map(renderBlock).join('');
  return `<style>${STYLE}</style><div class="slipway">${title}${body}</div>`;
}

/** Text that no browser takes for markup, in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'fields':
      return renderFields(block);
    case 'table':
      return renderTable(block);
    case 'note': {
      if (block.tone === undefined) return `<p>${renderInline(block.text)}</p>`;
      const text = `${SIGNS[block.tone]}${renderInline(block.text)}`;
      return `<p class="slipway-${block.tone}">${text}</p>`;
    }
    case 'code': {
      const source = `<pre><code>${escapeHtml(block.source)}</code></pre>`;
      const title = escapeHtml(block.title);
      if (block.folded === undefined) return `<p>${title}</p>${source}`;
      return `<details><summary>${title}</summary>${source}</details>`;
    }
    case 'image': {
      const address = `data:${block.mediaType};base64,${escapeHtml(block.base64)}`;
      return `<p><img alt="${escapeHtml(block.title)}" src="${address}"></p>`;
    }
  }
}

function renderFields({ rows }: FieldsBlock): string {
  const lines = rows.map(
    ([label, value]) =>
      `<tr><th scope="row">${escapeHtml(label)}</th><td>${renderInline(value)}</td></tr>`,
  );
  return `<table><tbody>${lines.join('')}</tbody></table>`;
}

function renderTable(table: TableBlock): string {
  const title = table.title === undefined ? '' : escapeHtml(table.title);
  if (table.rows.length === 0) {
    const heading = title === '' ? '' : `<strong>${title}</strong> `;
    return `<p class="slipway-muted">${heading}${escapeHtml(table.empty)}</p>`;
  }
  const attribute = (column: number) => {
    if (table.columns[column]?.align === 'right') return ' class="slipway-right"';
    return table.columns[column]?.oneLine ? ' class="slipway-line"' : '';
  };
  const head = table.columns
    .map((column, index) => `<th scope="col"${attribute(index)}>${escapeHtml(column.title)}</th>`)
    .join('');
  const rows = table.rows.map((row) => {
    const cells = row.map((cell, index) => `<td${attribute(index)}>${renderInline(cell)}</td>`);
    return `<tr>${cells.join('')}</tr>`;
  });
  const caption = title === '' ? '' : `<caption>${title}</caption>`;
  return `<table>${caption}<thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function renderInline(inline: Inline): string {
  if (typeof inline === 'string') return escapeHtml(inline);
  let markup = escapeHtml(inline.text);
  if (inline.done !== undefined) {
    markup = `<progress max="1" value="${inline.done.toFixed(3)}"></progress> ${markup}`;
  }
  if (inline.code) markup = `<code>${markup}</code>`;
  if (inline.href !== undefined && /^https?:\/\//.test(inline.href)) {
    const address = escapeHtml(inline.href);
    markup = `<a href="${address}" target="_blank" rel="noopener noreferrer">${markup}</a>`;
  }
  return inline.tone === undefined
    ? markup
    : `<span class="slipway-${inline.tone}">${markup}</span>`;
}
