// Command centrifuge is a peer for the benchmark "peers": a node of a chat that stores nothing, as the library
// github.com/centrifugal/centrifuge makes one. Clients speak its JSON protocol over a websocket; the nodes hear of each
// other's messages through Redis PUB/SUB without history.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/centrifugal/centrifuge"
)

// Who connects is believed: the naive app of the benchmark "cluster" does not look at passwords either.
type hello struct {
	User     string   `json:"user"`
	Channels []string `json:"channels"`
}

func main() {
	port := flag.Int("port", 0, "port on loopback for websockets")
	redis := flag.String("redis", "", "address of Redis, such as redis://127.0.0.1:6379")
	flag.Parse()
	if err := run(*port, *redis); err != nil {
		fmt.Fprintln(os.Stderr, "centrifuge:", err)
		os.Exit(1)
	}
}

func run(port int, redis string) error {
	node, err := newNode(redis)
	if err != nil {
		return err
	}
	node.OnConnecting(connecting)
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnPublish(func(event centrifuge.PublishEvent, answer centrifuge.PublishCallback) { publish(client, event, answer) })
	})
	if err := node.Run(); err != nil {
		return err
	}
	// The port is opened last: whoever reaches it finds a node that is ready.
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	return http.Serve(listener, centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
}

func newNode(redis string) (*centrifuge.Node, error) {
	node, err := centrifuge.New(centrifuge.Config{LogLevel: centrifuge.LogLevelError, LogHandler: func(entry centrifuge.LogEntry) {
		fmt.Fprintln(os.Stderr, "centrifuge:", entry.Message, entry.Fields)
	}})
	if err != nil {
		return nil, err
	}
	shard, err := centrifuge.NewRedisShard(node, centrifuge.RedisShardConfig{Address: redis})
	if err != nil {
		return nil, err
	}
	broker, err := centrifuge.NewRedisBroker(node, centrifuge.RedisBrokerConfig{Shards: []*centrifuge.RedisShard{shard}})
	if err != nil {
		return nil, err
	}
	node.SetBroker(broker)
	return node, nil
}

func connecting(_ context.Context, event centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	var given hello
	if err := json.Unmarshal(event.Data, &given); err != nil || given.User == "" {
		return centrifuge.ConnectReply{}, centrifuge.DisconnectBadRequest
	}
	subscriptions := make(map[string]centrifuge.SubscribeOptions, len(given.Channels))
	for _, channel := range given.Channels {
		subscriptions[channel] = centrifuge.SubscribeOptions{}
	}
	return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: given.User}, Subscriptions: subscriptions}, nil
}

// The library answers the sender after Redis has taken the message.
func publish(client *centrifuge.Client, event centrifuge.PublishEvent, answer centrifuge.PublishCallback) {
	if !client.IsSubscribed(event.Channel) {
		answer(centrifuge.PublishReply{}, centrifuge.ErrorPermissionDenied)
		return
	}
	answer(centrifuge.PublishReply{Options: centrifuge.PublishOptions{ClientInfo: event.ClientInfo}}, nil)
}
