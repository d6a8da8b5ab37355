import { noteTests } from './_web-notes.ts';
import { reactorTests } from './_web-reactors.ts';
import { readingTests } from './_web-reading.ts';
import { webSuite } from './_web-suite.ts';

webSuite('reading in the web app', [readingTests, noteTests, reactorTests]);
