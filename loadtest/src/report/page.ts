import type { Report } from './create.ts';

export function renderPage(report: Report, _earlier: Report | undefined): string {
  return `<pre>${JSON.stringify(report.verdict)}</pre>`;
}
