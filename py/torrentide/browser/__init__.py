"""The engine in a web page: ports made real with the js module. Nothing else imports js or pyodide."""
