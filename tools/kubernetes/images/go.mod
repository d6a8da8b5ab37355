module chatcluster.dev/tools/images

go 1.26.0
