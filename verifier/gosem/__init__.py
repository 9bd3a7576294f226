"""What each Go primitive does, as steps. Every step cites the Go source line it stands for (paths under GOROOT/src)."""
