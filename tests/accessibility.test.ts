import { pageTests } from './_web-pages.ts';
import { webSuite } from './_web-suite.ts';

webSuite('accessibility of the web app', [pageTests]);
