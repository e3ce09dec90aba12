// A Redis in memory for Argo CD's controllers, which keep nothing in it that they could not make again.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alicebob/miniredis/v2"
)

// Set when it is built.
var version = "unknown"

func main() {
	if len(os.Args) != 2 || os.Args[1] == "--version" {
		fmt.Println("miniredis", version)
		return
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
}
