// Pins the definitions of kinds that we render but do not own. Nothing is built here.
module chatcluster.dev/tests/crds

go 1.24.0

require (
	github.com/cloudnative-pg/cloudnative-pg v1.27.1
	github.com/kedacore/keda/v2 v2.18.1
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
