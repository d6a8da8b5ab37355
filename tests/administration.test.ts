import { integrationTests } from './_web-integrations.ts';
import { retentionTests } from './_web-retention.ts';
import { webSuite } from './_web-suite.ts';

// The receiver of the webhooks is on this machine, which is refused otherwise.
webSuite('administration in the web app', [integrationTests, retentionTests], {
  FETCH_ALLOWED_NETWORKS: '127.0.0.1/32',
  RETENTION_SWEEP_SECONDS: '1',
});
