/** Colours that can be told apart without seeing red or green; light and dark by the reader's own setting. */
export const style = `
:root { color-scheme: light dark; --bg: #fbfbfa; --panel: #ffffff; --text: #1c1d20; --dim: #61656d; --rule: #e3e4e6; --good: #0b7a4b; --bad: #c02a2a; --fault: #d9770633;
  --c0: #2457d6; --c1: #b45309; --c2: #0b8a6a; --c3: #8b3fc4; --c4: #c2255c; --c5: #0c7fa0; --c6: #5f7d0e; --c7: #6b7280; }
@media (prefers-color-scheme: dark) { :root { --bg: #131416; --panel: #1b1d20; --text: #e8e9eb; --dim: #9aa0a9; --rule: #30333a; --good: #4fd09a; --bad: #ff8080; --fault: #f59e0b33;
  --c0: #7aa5ff; --c1: #f0a94a; --c2: #4ccfa6; --c3: #c79bf2; --c4: #ff86b0; --c5: #58c4e6; --c6: #b5d455; --c7: #a3a9b3; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 960px; padding: 32px 20px 64px; background: var(--bg); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 36px 0 10px; }
p.dim, small, .dim { color: var(--dim); } p { margin: 4px 0; }
.verdict { margin: 20px 0; padding: 14px 18px; border-radius: 10px; border: 1px solid; font-weight: 600; background: var(--panel); }
.good { color: var(--good); } .bad { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(164px, 1fr)); gap: 12px; margin: 0; }
.tiles div { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 14px; }
.tiles dt { color: var(--dim); font-size: 13px; } .tiles dd { margin: 0; font-size: 19px; white-space: nowrap; font-variant-numeric: tabular-nums; } .tiles dd small { font-size: 13px; }
.chart { margin: 0 0 16px; padding: 14px 16px 8px; background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; }
.chart figcaption { font-weight: 600; } .chart figcaption small { font-weight: 400; margin-left: 6px; }
.chart svg { display: block; width: 100%; height: auto; overflow: visible; } .chart output { display: block; min-height: 20px; font-size: 13px; color: var(--dim); font-variant-numeric: tabular-nums; }
.legend { list-style: none; margin: 2px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; color: var(--dim); }
.legend i { display: inline-block; width: 14px; height: 0; border-top: 3px solid; vertical-align: middle; margin-right: 6px; } .legend i.dashed { border-top-style: dashed; }
.line { fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linejoin: round; } .line.dashed { stroke-dasharray: 5 4; }
.grid { stroke: var(--rule); } .axis { fill: var(--dim); font-size: 11px; } .cursor { stroke: var(--dim); visibility: hidden; } .fault rect { fill: var(--fault); } .fault text, .settling text { fill: var(--dim); font-size: 10px; } .settling rect { fill: var(--rule); opacity: 0.45; }
.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); } .c7 { color: var(--c7); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; background: var(--panel); font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 12px; border-bottom: 1px solid var(--rule); } th { font-weight: 600; color: var(--dim); font-size: 13px; } td.n, th.n { text-align: right; white-space: nowrap; }
pre { overflow-x: auto; background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; padding: 14px; font-size: 13px; } summary { cursor: pointer; color: var(--dim); margin-top: 24px; }
`;

/** The read-out under the pointer. */
export const script = `
for (const chart of document.querySelectorAll('[data-chart]')) {
  const { seconds, left, width, series } = JSON.parse(chart.dataset.chart);
  const [svg, out, cursor] = ['svg', 'output', '.cursor'].map((name) => chart.querySelector(name));
  const show = (value) => value === undefined || value === null ? '–' : value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 2 : 0 });
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    const t = Math.round((x - left) / width * seconds);
    if (t < 0 || t > seconds) return;
    const at = left + t / seconds * width;
    cursor.setAttribute('x1', at); cursor.setAttribute('x2', at); cursor.style.visibility = 'visible';
    out.textContent = t + ' s: ' + series.map(({ name, points }) => name + ' ' + show((points.find(([when]) => when === t) ?? [])[1])).join(', ');
  });
  svg.addEventListener('pointerleave', () => { cursor.style.visibility = 'hidden'; out.textContent = ''; });
}
`;
