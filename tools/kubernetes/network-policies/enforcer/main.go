// A local node's network plugin is a plain bridge, which enforces no NetworkPolicy. This process does: the firewall hands it the
// first packet of each connection of a pod, and the policy engine of sigs.k8s.io/kube-network-policies decides. That project's own
// program needs nftables' "queue" in the kernel; here the rule is one of iptables, made by whoever starts this.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/florianl/go-nfqueue/v2"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kube-network-policies/pkg/api"
	"sigs.k8s.io/kube-network-policies/pkg/network"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
	"sigs.k8s.io/kube-network-policies/pkg/podinfo"
)

const (
	headerBytes = 128
	// A pod may speak before the API server knows its address; then its first packets wait.
	unknownPodPatience = 3 * time.Second
	unknownPodPoll     = 20 * time.Millisecond
)

type enforcer struct {
	engine *networkpolicy.PolicyEngine
	pods   api.PodInfoProvider
	// Addresses of pods; others are not waited for.
	podRange netip.Prefix
}

func newEnforcer(ctx context.Context, kubeconfig, node string, podRange netip.Prefix) (*enforcer, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	namespaces, pods, policies := factory.Core().V1().Namespaces(), factory.Core().V1().Pods(), factory.Networking().V1().NetworkPolicies()
	resolver, err := podinfo.NewInformerResolver(pods.Informer())
	if err != nil {
		return nil, err
	}
	provider := podinfo.NewInformerProvider(pods, namespaces, nil, []podinfo.IPResolver{resolver})
	standard := networkpolicy.NewStandardNetworkPolicy(node, namespaces, pods, policies)
	engine := networkpolicy.NewPolicyEngine(provider, []api.PolicyEvaluator{standard})
	engine.SetDataplaneSyncCallbacks(func() {})
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), engine.Ready, pods.Informer().HasSynced) {
		return nil, fmt.Errorf("stopped before the API server had answered")
	}
	return &enforcer{engine: engine, pods: provider, podRange: podRange}, nil
}

func (e *enforcer) isKnown(address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil || !e.podRange.Contains(ip) {
		return true
	}
	_, found := e.pods.GetPodInfoByIP(address)
	return found
}

func (e *enforcer) verdict(ctx context.Context, payload []byte) int {
	packet, err := network.ParsePacket(payload)
	if err != nil {
		return nfqueue.NfAccept
	}
	end := time.Now().Add(unknownPodPatience)
	for !(e.isKnown(packet.SrcIP.String()) && e.isKnown(packet.DstIP.String())) && time.Now().Before(end) {
		time.Sleep(unknownPodPoll)
	}
	allowed, err := e.engine.EvaluatePacket(ctx, &packet)
	if err != nil || !allowed {
		fmt.Printf("refused %s -> %s:%d %v\n", packet.SrcIP, packet.DstIP, packet.DstPort, errorText(err))
		return nfqueue.NfDrop
	}
	return nfqueue.NfAccept
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (e *enforcer) run(ctx context.Context, number uint16) error {
	queue, err := nfqueue.Open(&nfqueue.Config{
		NfQueue: number, MaxPacketLen: headerBytes, MaxQueueLen: 1024, Copymode: nfqueue.NfQnlCopyPacket,
		Flags: nfqueue.NfQaCfgFlagGSO | nfqueue.NfQaCfgFlagFailOpen, WriteTimeout: 100 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	defer queue.Close()
	decide := func(packet nfqueue.Attribute) int {
		id, payload := *packet.PacketID, append([]byte(nil), *packet.Payload...)
		go func() {
			if err := queue.SetVerdict(id, e.verdict(ctx, payload)); err != nil {
				fmt.Fprintf(os.Stderr, "no verdict on packet %d: %v\n", id, err)
			}
		}()
		return 0
	}
	ignore := func(error) int { return 0 }
	if err := queue.RegisterWithErrorFunc(ctx, decide, ignore); err != nil {
		return err
	}
	fmt.Println("policies are enforced")
	<-ctx.Done()
	return nil
}

func run() error {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	node := flag.String("node", "", "name of this node")
	pods := flag.String("pods", "", "range of the pods' addresses")
	number := flag.Uint("queue", 100, "number of the queue that the firewall fills")
	flag.Parse()
	podRange, err := netip.ParsePrefix(*pods)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	made, err := newEnforcer(ctx, *kubeconfig, *node, podRange)
	if err != nil {
		return err
	}
	return made.run(ctx, uint16(*number))
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
