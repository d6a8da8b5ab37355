import { ChatCluster } from '@chatcluster/cdk8s';
import { App, Chart } from 'cdk8s';

/** npx node cdk8s/examples/team-chat.ts | kubectl apply -f - */
const app = new App();
const chart = new Chart(app, 'team', { namespace: 'team' });

new ChatCluster(chart, 'chat', {
  spec: {
    database: { cloudNativePG: { instances: 3, storage: { size: '20Gi' } } },
    redis: { managed: { shards: 2, storage: { size: '1Gi' } } },
    access: { host: 'chat.example.com', ingress: { className: 'nginx', tlsSecretName: 'chat-tls' } },
    autoscaling: { minReplicas: 3, maxReplicas: 30 },
  },
});

process.stdout.write(app.synthYaml());
