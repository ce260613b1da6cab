// The official Go SDK, unchanged, in one codec. Prints one JSON line for each step:
// sdk WEBSOCKET_URL CODEC
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/centrifugal/centrifuge-go"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func say(step string, details any) {
	line, err := json.Marshal(map[string]any{"step": step, "details": details})
	check(err)
	fmt.Println(string(line))
}

func take[T any](from chan T, count int) []T {
	taken := []T{}
	for len(taken) < count {
		taken = append(taken, <-from)
	}
	return taken
}

func main() {
	open := centrifuge.NewJsonClient
	payloads := [][]byte{[]byte(`{"n": 1.0,  "n":1e2}`), []byte(`[ ]`)}
	if os.Args[2] == "protobuf" {
		open = centrifuge.NewProtobufClient
		payloads = append(payloads, []byte("[\n]"), []byte("boom"), []byte{0, 255, 10})
	}
	client := open(os.Args[1], centrifuge.Config{})
	check(client.Connect())

	hall, err := client.NewSubscription("hall:go")
	check(err)
	moves := make(chan string, 100)
	hall.OnJoin(func(event centrifuge.JoinEvent) { moves <- "join" })
	hall.OnLeave(func(event centrifuge.LeaveEvent) { moves <- "leave" })
	check(hall.Subscribe())
	take(moves, 1)
	other := open(os.Args[1], centrifuge.Config{})
	visitor, err := other.NewSubscription("hall:go")
	check(err)
	check(visitor.Subscribe())
	check(other.Connect())
	take(moves, 1)
	present, err := hall.Presence(context.Background())
	check(err)
	check(visitor.Unsubscribe())
	say("hall", map[string]any{"present": len(present.Clients), "last": take(moves, 1)})

	raw, err := client.NewSubscription("raw:go", centrifuge.SubscriptionConfig{Recoverable: true})
	check(err)
	published := make(chan []byte, 100)
	recovered := make(chan bool, 10)
	raw.OnSubscribed(func(event centrifuge.SubscribedEvent) { recovered <- event.Recovered })
	raw.OnPublication(func(event centrifuge.PublicationEvent) { published <- event.Data })
	check(raw.Subscribe())
	take(recovered, 1)
	for _, payload := range payloads {
		_, err := raw.Publish(context.Background(), payload)
		check(err)
	}
	received := take(published, len(payloads))
	history, err := raw.History(context.Background(), centrifuge.WithHistoryLimit(10))
	check(err)
	kept := [][]byte{}
	for _, publication := range history.Publications {
		kept = append(kept, publication.Data)
	}
	say("raw", map[string]any{"sent": payloads, "received": received, "history": kept})

	bufio.NewScanner(os.Stdin).Scan()
	say("recovered", map[string]any{"recovered": take(recovered, 1), "missed": take(published, 1)})
}
