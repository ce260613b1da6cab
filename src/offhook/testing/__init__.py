"""For tests of applications, brokers and transports: virtual time, in-memory clients, conformance suites."""
