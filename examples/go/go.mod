module models

go 1.21
