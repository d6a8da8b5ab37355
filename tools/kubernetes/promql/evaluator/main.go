// Command promql evaluates expressions over given samples with the engine of Prometheus, for tests of
// alerts and dashboards: a task as JSON on stdin, the series that come out as JSON on stdout.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

type task struct {
	// Between two samples, and between two evaluations.
	IntervalSeconds int `json:"intervalSeconds"`
	// How many evaluations, the first one at 0.
	Evaluations int `json:"evaluations"`
	// In the notation of promtool's unit tests, such as `up{pod="a"} 1x10 _x5 0x10`.
	Series      []string `json:"series"`
	Expressions []string `json:"expressions"`
}

type series struct {
	Labels map[string]string `json:"labels"`
	// [number of the evaluation, value]
	Points [][2]float64 `json:"points"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "promql:", err)
		os.Exit(1)
	}
}

func run() error {
	var given task
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return fmt.Errorf("the task is no JSON that I know: %w", err)
	}
	parsed := parser.NewParser(parser.Options{})
	interval := time.Duration(given.IntervalSeconds) * time.Second
	var store memory
	for _, text := range given.Series {
		one, err := readSeries(parsed, text, interval)
		if err != nil {
			return fmt.Errorf("series %s: %w", text, err)
		}
		store = append(store, one)
	}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples:    1_000_000,
		Timeout:       time.Minute,
		LookbackDelta: 5 * time.Minute,
		Parser:        parsed,
	})
	answers := make([][]series, len(given.Expressions))
	end := time.UnixMilli(0).Add(time.Duration(given.Evaluations-1) * interval)
	for i, expression := range given.Expressions {
		query, err := engine.NewRangeQuery(context.Background(), store, nil, expression, time.UnixMilli(0), end, interval)
		if err != nil {
			return fmt.Errorf("%s: %w", expression, err)
		}
		matrix, err := query.Exec(context.Background()).Matrix()
		if err != nil {
			return fmt.Errorf("%s: %w", expression, err)
		}
		answers[i] = toAnswer(matrix, interval)
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func readSeries(parsed parser.Parser, text string, interval time.Duration) (storage.Series, error) {
	metric, values, err := parsed.ParseSeriesDesc(text)
	if err != nil {
		return nil, err
	}
	var samples []chunks.Sample
	for i, value := range values {
		if !value.Omitted {
			samples = append(samples, sample{at: (time.Duration(i) * interval).Milliseconds(), value: value.Value})
		}
	}
	return storage.NewListSeries(metric, samples), nil
}

func toAnswer(matrix promql.Matrix, interval time.Duration) []series {
	answer := make([]series, len(matrix))
	for i, found := range matrix {
		answer[i] = series{Labels: found.Metric.Map(), Points: [][2]float64{}}
		for _, point := range found.Floats {
			answer[i].Points = append(answer[i].Points, [2]float64{float64(point.T / interval.Milliseconds()), point.F})
		}
	}
	return answer
}

type sample struct {
	at    int64
	value float64
}

func (s sample) T() int64                      { return s.at }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.value }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }

// memory is a storage of a few series.
type memory []storage.Series

func (m memory) Querier(int64, int64) (storage.Querier, error) { return m, nil }
func (m memory) Close() error                                  { return nil }

func (m memory) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &seriesSet{at: -1}
	for _, one := range m {
		if !slices.ContainsFunc(matchers, func(matcher *labels.Matcher) bool { return !matcher.Matches(one.Labels().Get(matcher.Name)) }) {
			found.series = append(found.series, one)
		}
	}
	slices.SortFunc(found.series, func(a, b storage.Series) int { return cmp.Compare(a.Labels().String(), b.Labels().String()) })
	return found
}

func (m memory) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (m memory) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

type seriesSet struct {
	series []storage.Series
	at     int
}

func (s *seriesSet) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *seriesSet) At() storage.Series                { return s.series[s.at] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }
