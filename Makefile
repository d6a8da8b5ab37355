# Everything runs with the pinned Node of node_modules; the system needs only Node 20 (or newer) and npm.
SHELL := /bin/bash
.DEFAULT_GOAL := help
RUN := node_modules/.bin/node
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
SUITES := protocol client server chaos cdk8s operator chart k6 loadtest web e2e tools kubernetes
# These need kube-apiserver and the like, from source.
WITH_GO := cdk8s operator chart k6 tools kubernetes

.PHONY: help setup up down logs test check gen bench chaos soak demo e2e kubernetes-tools cluster cluster-down k6 load synth $(addprefix test-,$(SUITES))

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what is missing (done by every other target)
	@sh tools/setup.sh

up: setup ## Start the cluster: make up, or make up PODS=3 (with a load balancer on port 8000)
	@$(if $(filter-out 1,$(PODS))$(FANOUT),sh tools/packages.sh redis-server haproxy &&) PODS='$(PODS)' $(RUN) tools/src/up.ts

down: setup ## Stop all of it, also after a crash; the data in .local/ stays
	@$(RUN) tools/src/down.ts

logs: ## Follow the logs of everything that runs
	@ls .local/logs/*.log >/dev/null 2>&1 || { echo 'nothing has run yet; start it with: make up'; exit 1; }
	@tail -n 20 -F .local/logs/*.log

kubernetes-tools: setup ## Build kube-apiserver, kubelet, helm, k6 … from source, once (10 to 20 minutes; needs Go)
	@$(RUN) tools/src/kubernetes/tools.ts

test: setup kubernetes-tools ## Every check and every suite, then a table and the total
	@sh tools/packages.sh redis-server haproxy libfaketime chromium pgbouncer openssl
	@$(RUN) tools/src/test-all.ts

test-protocol: setup ## Tests of the wire contract
test-client: setup ## Tests of the SDK
test-server: setup ## Tests of the server
test-chaos: setup ## Pods, Redis, Postgres and clients broken under load (2 to 3 minutes)
test-cdk8s: setup ## Tests of the manifests, on a real kube-apiserver
test-operator: setup ## Tests of the operator, on a real kube-apiserver
test-chart: setup ## Tests of the Helm chart, with real helm
test-k6: setup ## Tests of the k6 scenarios, with real k6
test-loadtest: setup ## Tests of the load generator and its oracle
test-web: setup ## Tests of the web app
test-e2e: setup ## Tests in a real browser and with real processes
test-tools: setup ## Tests of these tools
test-kubernetes: setup ## The whole on a real Kubernetes: the same as make e2e (root)
e2e: test-kubernetes ## The same; FULL=1 goes on with everything that happens to pods, under load, and keeps the figures
	@$(if $(FULL),$(RUN) tests/kubernetes/faults.ts)
$(addprefix test-,$(WITH_GO)): kubernetes-tools
$(addprefix test-,$(SUITES)):
	@$(if $(filter-out test-protocol test-web test-cdk8s test-operator test-chart,$@),sh tools/packages.sh redis-server haproxy $(if $(filter test-e2e,$@),chromium) $(if $(filter test-chaos,$@),libfaketime) $(if $(filter test-server,$@),pgbouncer openssl))
	@$(RUN) tools/src/test.ts $(patsubst test-%,%,$@)

check: setup ## Format, lint, types, import directions, dead exports, generated files
	@$(RUN) tools/src/check.ts

gen: setup ## Write the generated files again
	@$(RUN) tools/src/gen.ts

demo: setup ## Play a lively scene of several people, and take the pictures of the README and the docs
	@sh tools/packages.sh redis-server haproxy chromium fonts-noto-color-emoji
	@SCREENSHOTS=docs $(RUN) tools/src/test.ts e2e tests/demo.test.ts

bench: setup ## Measure, beside the rivals, on this machine
	@sh tools/packages.sh redis-server haproxy
	@$(RUN) tools/src/bench.ts

chaos: setup ## Every fault of the list under load, and what was lost: make chaos [FANOUT=routed] [FAULT=Redis] [SEED=7]
	@sh tools/packages.sh redis-server haproxy libfaketime
	@$(RUN) tools/src/chaos.ts

soak: setup ## A load with faults for SOAK minutes (60) on a cluster of its own; fails when anything grows
	@sh tools/packages.sh redis-server haproxy
	@$(RUN) tools/src/soak.ts

cluster: setup ## A real Kubernetes with the operator and a ChatCluster: KUBECONFIG, kind, or from source (root)
	@$(RUN) tools/src/kubernetes/cluster.ts

cluster-down: setup ## Take it away again, with everything that it left on the machine
	@$(RUN) tools/src/kubernetes/cluster-down.ts

k6: setup ## Run a k6 scenario: make k6 SCENARIO=smoke URL=http://localhost:8000
	@$(RUN) k6/run.ts '$(SCENARIO)'

load: setup ## Load a running cluster and check every message: make load USERS=500 DURATION=60
	@$(RUN) loadtest/src/main.ts

synth: setup ## Print the YAML of an installation without the operator: make synth FILE=chatcluster.yaml
	@$(RUN) cdk8s/src/synth.ts --file '$(FILE)'
