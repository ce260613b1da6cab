"""An application that is deployed while its pages are open; its builds differ by ``build.ts`` alone."""
